// SPDX-License-Identifier: Apache-2.0

package import BPF
package import FlowModel
package import FlowVerdict
import Host

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
