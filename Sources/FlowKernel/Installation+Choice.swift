// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import Host

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
