// SPDX-License-Identifier: Apache-2.0

package import FlowModel
internal import Foundation

/// What a network card may do in place of the kernel; the names are ethtool's.
package enum Offload: String, Sendable, CaseIterable {
    case segmentation = "tso"
    case genericSegmentation = "gso"
    case genericReceive = "gro"
    case transmitChecksum = "tx"
    case receiveChecksum = "rx"
    case transmitVLAN = "txvlan"
    case receiveVLAN = "rxvlan"
}

extension NetworkNamespace {
    /// Makes a pair of interfaces, one here and one in the other namespace, both up, one queue each.
    package func addPair(_ name: String, to peer: NetworkNamespace, _ peerName: String, mtu: Int = 1500) throws {
        try ip(
            "link add \(name) mtu \(mtu) numrxqueues 1 numtxqueues 1 type veth"
                + " peer name \(peerName) mtu \(mtu) numrxqueues 1 numtxqueues 1 netns \(peer.name)")
        try bringUp(name)
        try peer.bringUp(peerName)
        try waitUntil("\(name) has a carrier") { try isUp(name) && peer.isUp(peerName) }
    }

    package func bringUp(_ interface: String) throws { try ip("link set \(interface) up") }

    private func isUp(_ interface: String) throws -> Bool { try ip("link show \(interface)").contains("LOWER_UP") }

    /// Adds an address with its prefix length: `10.0.0.1/24`, `fd00::1/64`. It can be used at once.
    package func addAddress(_ address: String, to interface: String) throws {
        let flags = address.contains(":") ? " nodad" : ""
        try ip("address add \(address) dev \(interface)\(flags)")
    }

    /// Gives this end of a pair an address and the way to the other's, so that nothing is on the wire but what a test sends.
    ///
    /// The address is the loopback interface's: on any other, IPv6 joins a multicast group for it and reports that.
    package func addSilentAddress(
        _ address: IPAddress, on interface: String, towards peer: IPAddress, at mac: MACAddress
    ) throws {
        let length = address.version == .v4 ? 32 : 128
        try addAddress("\(address)/\(length)", to: "lo")
        try ip("route add \(peer)/\(length) dev \(interface) src \(address)")
        try addNeighbour("\(peer)", at: mac, on: interface)
    }

    /// Sets a permanent neighbour entry, so that no resolution is needed.
    package func addNeighbour(_ address: String, at mac: MACAddress, on interface: String) throws {
        try ip("neighbour replace \(address) lladdr \(mac) dev \(interface) nud permanent")
    }

    /// Makes a bridge over the interfaces that floods, learns and sends nothing of its own. It is up.
    package func addBridge(_ name: String, over interfaces: [String]) throws {
        try ip("link add \(name) type bridge stp_state 0 mcast_snooping 0 forward_delay 0")
        for interface in interfaces { try ip("link set \(interface) master \(name)") }
        try bringUp(name)
    }

    package func delete(_ interface: String) throws { try ip("link delete \(interface)") }

    /// Switches offloads on or off; throws where the interface has it fixed otherwise.
    package func setOffloads(_ offloads: [Offload: Bool], on interface: String) throws {
        guard !offloads.isEmpty else { return }
        let switches = offloads.sorted { $0.key.rawValue < $1.key.rawValue }
        try run(["ethtool", "-K", interface] + switches.flatMap { [$0.key.rawValue, $0.value ? "on" : "off"] })
    }

    /// Every frame on the wire is as long as it claims, with its checksums done and its tags inline.
    package func disableOffloads(on interface: String) throws {
        try setOffloads(Dictionary(uniqueKeysWithValues: Offload.allCases.map { ($0, false) }), on: interface)
    }

    package func macAddress(of interface: String) throws -> MACAddress {
        let words = try ip("link show \(interface)").split { $0 == " " || $0 == "\n" }
        guard let label = words.firstIndex(of: "link/ether") else { throw NoSuchFact(interface: interface) }
        return MACAddress(stringLiteral: String(words[label + 1]))
    }

    package func index(of interface: String) throws -> Int {
        let text = try ip("-o link show \(interface)").prefix { $0 != ":" }
        guard let index = Int(text) else { throw NoSuchFact(interface: interface) }
        return index
    }

    package struct NoSuchFact: Error {
        package let interface: String
    }
}
