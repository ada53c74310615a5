// SPDX-License-Identifier: Apache-2.0

package import OpenVSwitch

/// What the switch says of an interface, as far as it decides whether and how that is measured.
package struct SwitchOffer: Equatable, Sendable {
    package var way: SwitchPort.Way
    /// Whether a guest is behind it, on a bridge that is asked for.
    package var guest: SwitchPort.Guest

    /// Whether the switch is about to open its AF_XDP socket: a program that came at that moment would keep it from that.
    package var isOpening: Bool

    package init(way: SwitchPort.Way, guest: SwitchPort.Guest, isOpening: Bool = false) {
        self.way = way
        self.guest = guest
        self.isOpening = isOpening
    }

    /// Of all ports that have an interface of the kernel, by name.
    package static func all(of ports: SwitchPorts, _ choice: SwitchChoice) -> [String: SwitchOffer] {
        var offers: [String: SwitchOffer] = [:]
        for port in ports.all {
            guard let way = port.way else { continue }
            offers[port.name] = SwitchOffer(
                way: way, guest: choice.follows(port) ? port.guest : .no,
                isOpening: way != .kernel && port.number == nil && port.error == nil)
        }
        return offers
    }
}
