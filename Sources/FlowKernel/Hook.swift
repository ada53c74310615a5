// SPDX-License-Identifier: Apache-2.0

package import BPF
package import FlowModel
package import FlowVerdict
package import Host

/// Where a program sits on a port.
package enum Hook: UInt8, Sendable {
    case none = 0
    /// A bpf_link of kernel 6.6 and later.
    case tcx = 1
    /// A filter of the clsact qdisc, before that.
    case clsact = 2
    case xdp = 3
    /// XDP in front of an AF_XDP socket.
    case xsk = 4
    /// Nothing sees that direction at the port.
    case unobserved = 5
    /// Where the kernel hands a frame to the port past its qdisc, as it does what a switch sends through AF_XDP.
    case fentry = 6
    /// XDP, called by libxdp's dispatcher among the programs of others.
    case xdpDispatched = 7

    package var name: String {
        switch self {
        case .none: "none"
        case .tcx: "tcx"
        case .clsact: "clsact"
        case .xdp: "xdp"
        case .xsk: "xsk"
        case .unobserved: "unobserved"
        case .fentry: "fentry"
        case .xdpDispatched: "xdp_dispatcher"
        }
    }
}

/// What the operator asks for.
package enum HookChoice: String, Sendable, CaseIterable {
    /// What the port is: XDP in front of AF_XDP sockets where a switch has some open, else TC in both directions.
    case auto
    case tc
    /// XDP for frames from the port, TC for frames to it.
    case xdp
    /// XDP in front of the AF_XDP sockets of a switch, for frames from the port; for those to it a program around the
    /// kernel's function that hands them over, where the kernel allows such programs.
    case xsk
}

/// How to attach a port.
package struct AttachOptions: Equatable, Sendable {
    package var role: PortRole
    package var hook: HookChoice
    /// nil: native where the driver can, else generic.
    package var xdpMode: XDPMode?
    /// Of the policy that is loaded, what holds for the port from its first frame on; nil: nothing.
    package var policy: PortPolicy?

    package init(
        role: PortRole = .guest, hook: HookChoice = .auto, xdpMode: XDPMode? = nil, policy: PortPolicy? = nil
    ) {
        self.role = role
        self.hook = hook
        self.xdpMode = xdpMode
        self.policy = policy
    }
}

extension AttachOptions {
    /// What sees the frames that come from the port.
    func programFromPort(of interface: NetworkInterface) -> ProgramKind {
        switch hook {
        case .auto, .tc: .tcFromPort
        case .xdp: XDPDispatcher.isOn(interface) ? .xdpDispatched : .xdpFromPort
        case .xsk: .xskFromPort
        }
    }

    /// With the hook chosen by what the interface is.
    package func resolved(on interface: NetworkInterface) -> AttachOptions {
        guard hook == .auto, XSKHook.isOpen(interface) else { return self }
        var options = self
        options.hook = .xsk
        return options
    }
}
