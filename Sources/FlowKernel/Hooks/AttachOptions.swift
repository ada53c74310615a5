// SPDX-License-Identifier: Apache-2.0

import BPF
package import FlowModel
package import FlowVerdict
import Host

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
