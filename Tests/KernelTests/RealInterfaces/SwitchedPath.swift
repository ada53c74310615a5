// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit

/// A guest and a peer, joined by a host's bridge; nothing is on the wires but what a test sends.
///
///     guest: eth0 ── port0 :host: br0 :host: uplink0 ── eth0 :peer
///
/// The host's ends have no offloads: super-frames of the guest or the peer are cut, their checksums done and their tags
/// put in after the hooks on `port0` have seen them and before a witness does.
final class SwitchedPath {
    /// One end's addresses.
    struct Addresses {
        let v4: IPAddress
        let v6: IPAddress

        var both: [IPAddress] { [v4, v6] }
    }

    static let guestAddresses = Addresses(v4: "10.9.0.1", v6: "fd09::1")
    static let peerAddresses = Addresses(v4: "10.9.0.2", v6: "fd09::2")

    let guest: NetworkNamespace
    let host: NetworkNamespace
    let peer: NetworkNamespace
    let guestMAC: MACAddress
    let peerMAC: MACAddress

    init() throws {
        guest = try NetworkNamespace("guest")
        host = try NetworkNamespace("host")
        peer = try NetworkNamespace("peer")
        try host.addPair("port0", to: guest, "eth0")
        try host.addPair("uplink0", to: peer, "eth0")
        try host.addBridge("br0", over: ["port0", "uplink0"])
        guestMAC = try guest.macAddress(of: "eth0")
        peerMAC = try peer.macAddress(of: "eth0")
        for interface in ["port0", "uplink0"] { try host.disableOffloads(on: interface) }
        try address(Self.guestAddresses, Self.peerAddresses, on: "eth0")
    }

    /// Gives both ends of an interface addresses, and the way to each other.
    func address(_ guestSide: Addresses, _ peerSide: Addresses, on interface: String) throws {
        for (here, there) in zip(guestSide.both, peerSide.both) {
            try guest.addSilentAddress(here, on: interface, towards: there, at: peerMAC)
            try peer.addSilentAddress(there, on: interface, towards: here, at: guestMAC)
        }
    }

    /// Switches offloads of the two machines, not of the host.
    func setOffloads(_ offloads: [Offload: Bool]) throws {
        for end in [guest, peer] { try end.setOffloads(offloads, on: "eth0") }
    }

    func disableOffloads() throws {
        for end in [guest, peer] { try end.disableOffloads(on: "eth0") }
    }
}
