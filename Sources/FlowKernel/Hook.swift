// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Where a program sits on a port.
package enum Hook: UInt8, Sendable {
    case none = 0
    /// A bpf_link of kernel 6.6 and later.
    case tcx = 1
    /// A filter of the clsact qdisc, before that.
    case clsact = 2
    case xdp = 3

    package var name: String {
        switch self {
        case .none: "none"
        case .tcx: "tcx"
        case .clsact: "clsact"
        case .xdp: "xdp"
        }
    }
}

/// How XDP runs on a port.
package enum XDPMode: UInt8, Sendable, CaseIterable {
    /// In the driver.
    case native = 1
    /// In the kernel's receive path, after the driver has made a socket buffer.
    case generic = 2

    package var name: String {
        switch self {
        case .native: "native"
        case .generic: "generic"
        }
    }
}

/// What the operator asks for.
package enum HookChoice: String, Sendable, CaseIterable {
    /// TC in both directions.
    case auto
    case tc
    /// XDP for frames from the port, TC for frames to it.
    case xdp
}

/// How to attach a port.
package struct AttachOptions: Equatable, Sendable {
    package var role: PortRole
    package var hook: HookChoice
    /// nil: native where the driver can, else generic.
    package var xdpMode: XDPMode?

    package init(role: PortRole = .guest, hook: HookChoice = .auto, xdpMode: XDPMode? = nil) {
        self.role = role
        self.hook = hook
        self.xdpMode = xdpMode
    }
}

extension AttachOptions {
    /// What sees the frames that come from the port.
    var programFromPort: ProgramKind { hook == .xdp ? .xdpFromPort : .tcFromPort }
}
