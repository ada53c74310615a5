// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowModel
import FlowTestKit
internal import Foundation
import Testing

/// A guest and a peer behind a real Open vSwitch, whose ports they are behind it reads through AF_XDP.
///
///     guest: eth0 ── port0 :host: br0 :host: port1 ── eth0 :peer
final class AFXDPPath {
    static let guestAddresses = SwitchedPath.guestAddresses
    static let peerAddresses = SwitchedPath.peerAddresses
    static let ports = ["port0", "port1"]
    /// What sees the frames to a port.
    static let toHook: Hook = KernelAccess.isSecondKernel ? .fentry : .unobserved

    let guest: NetworkNamespace
    let host: NetworkNamespace
    let peer: NetworkNamespace
    let vSwitch: OpenVSwitch
    let installation: TemporaryInstallation
    let mode: XDPMode

    /// Makes a path for the body and takes it away afterwards, whatever happens.
    static func with(_ mode: XDPMode, _ body: (AFXDPPath) throws -> Void) throws {
        let path = try AFXDPPath(mode)
        defer { path.close() }
        try body(path)
    }

    private init(_ mode: XDPMode) throws {
        self.mode = mode
        guest = try NetworkNamespace("guest")
        host = try NetworkNamespace("host")
        peer = try NetworkNamespace("peer")
        vSwitch = try OpenVSwitch(in: host)
        installation = try TemporaryInstallation()
        try wire()
        try vSwitch.addBridge("br0")
    }

    private func wire() throws {
        for (port, end) in zip(Self.ports, [guest, peer]) { try addPair(port, to: end) }
        try address(guest, Self.guestAddresses, towards: Self.peerAddresses, at: try peer.macAddress(of: "eth0"))
        try address(peer, Self.peerAddresses, towards: Self.guestAddresses, at: try guest.macAddress(of: "eth0"))
    }

    private func addPair(_ port: String, to end: NetworkNamespace) throws {
        try host.addPair(port, to: end, "eth0")
        // Nobody completes a checksum or cuts a frame that goes through AF_XDP.
        for (interface, namespace) in [(port, host), ("eth0", end)] { try namespace.disableOffloads(on: interface) }
    }

    private func address(
        _ end: NetworkNamespace, _ here: SwitchedPath.Addresses, towards there: SwitchedPath.Addresses,
        at mac: MACAddress
    ) throws {
        for (here, there) in zip(here.both, there.both) {
            try end.addSilentAddress(here, on: "eth0", towards: there, at: mac)
        }
    }

    /// The switch goes first: a port that it has open can be left only from its namespace.
    private func close() {
        vSwitch.close()
        for port in (try? installation.attachedPorts) ?? [] { try? installation.detach(port) }
        for namespace in [guest, host, peer] { try? namespace.close() }
    }

    var options: AttachOptions { AttachOptions(hook: .xsk, xdpMode: mode) }

    func attach(_ port: String) throws -> RegisteredPort { try installation.attach(port, in: host, options) }

    /// As who is in the namespace of the port sees it.
    func isAlive(_ port: RegisteredPort) throws -> Bool { try installation.isAlive(port) }

    func detach(_ port: RegisteredPort) throws { try installation.detach(port) }

    /// Has the switch open a port.
    func open(_ port: String) throws {
        let mode: OpenVSwitch.XDPMode = mode == .native ? .native : .generic
        try vSwitch.addPort(port, to: "br0", as: .afxdp(mode))
    }

    func shut(_ port: String) throws { try vSwitch.deletePort(port, from: "br0") }

    /// Makes the guest's interface anew, as a virtual machine's is at its start.
    func recreateGuestInterface() throws {
        let peerMAC = try peer.macAddress(of: "eth0")
        let guestMAC = try guest.macAddress(of: "eth0")
        try host.delete("port0")
        try addPair("port0", to: guest)
        try guest.ip("link set eth0 address \(guestMAC)")
        for (here, there) in zip(Self.guestAddresses.both, Self.peerAddresses.both) {
            let length = there.version == .v4 ? 32 : 128
            try guest.ip("route add \(there)/\(length) dev eth0 src \(here)")
            try guest.addNeighbour("\(there)", at: peerMAC, on: "eth0")
        }
    }
}

extension AFXDPPath {
    /// How many of 2,000 pings at 3 ms were not answered, while `body` is done in their midst.
    func pingsLost(during body: () throws -> Void) throws -> Int {
        let count = 2000
        let ping = try guest.start(["ping", "-c", "\(count)", "-i", "0.003", "-W", "2", "\(Self.peerAddresses.v4)"])
        try waitUntil("pings are answered") { ping.output.split(separator: "\n").count > 300 }
        try body()
        try #require(ping.isRunning, "pings went on until it was done")
        return count - (try Self.received(try ping.wait(within: .seconds(60)).output))
    }

    /// Starts the switch again, and waits until it forwards.
    func startSwitch() throws {
        try vSwitch.startDaemon()
        try waitUntilItForwards()
    }

    /// The switch polls a port some time after it says that it has opened it.
    func waitUntilItForwards() throws {
        let ping = ["ping", "-c", "1", "-W", "1", "\(Self.peerAddresses.v4)"]
        try waitUntil("the switch forwards: \(vSwitch.log)") {
            try guest.outcome(of: ping).succeeded
        }
    }

    /// Throws where not each of some pings is answered.
    func expectToForward(sourceLocation: SourceLocation = #_sourceLocation) throws {
        try waitUntilItForwards()
        try expectPings(sourceLocation: sourceLocation)
    }

    /// The same, of a switch that forwards already: nothing but these pings is sent.
    func expectPings(sourceLocation: SourceLocation = #_sourceLocation) throws {
        let result = try guest.outcome(of: ["ping", "-c", "20", "-i", "0.01", "-W", "2", "\(Self.peerAddresses.v4)"])
        #expect(try Self.received(result.output) == 20, "\(vSwitch.log)", sourceLocation: sourceLocation)
    }

    private static func received(_ output: String) throws -> Int {
        let words = output.split(separator: "\n").last { $0.contains("transmitted") }?.split(separator: " ") ?? []
        let place = try #require(words.firstIndex { $0.hasPrefix("received") }, "\(output)")
        return try #require(Int(words[place - 1]))
    }

    /// Frames that an end's interface has sent, by its own counter.
    func sent(by end: NetworkNamespace) throws -> UInt64 {
        struct Link: Decodable {
            struct Counters: Decodable { let tx: Count }
            struct Count: Decodable { let packets: UInt64 }
            let stats64: Counters
        }
        let shown = try end.run(["ip", "-s", "-j", "link", "show", "eth0"])
        return try #require(try JSONDecoder().decode([Link].self, from: Data(shown.utf8)).first).stats64.tx.packets
    }

    /// What the port has seen since it was attached.
    func seen(by port: RegisteredPort) throws -> DirectionTotals {
        let totals = try installation.installation.tables.lifetimeTotals(of: port)
        return try #require(totals)
    }

    /// The XDP program of a port, as bpftool has it.
    func program(on port: String) throws -> XDPProgram? {
        struct Net: Decodable {
            struct Entry: Decodable {
                let devname: String
                let id: Int
                let mode: String
            }
            let xdp: [Entry]
        }
        let shown = try host.run(["bpftool", "-j", "net", "show", "dev", port])
        let entries = try JSONDecoder().decode([Net].self, from: Data(shown.utf8)).flatMap(\.xdp)
        return try entries.first.map { entry in
            let program = try ChildProcess.run(["bpftool", "prog", "show", "id", "\(entry.id)"])
            let links = try ChildProcess.run(["bpftool", "link", "show"])
            return XDPProgram(
                id: entry.id, isStock: program.contains("name xsk_def_prog"), mode: entry.mode,
                isHeldByLink: links.contains(" prog \(entry.id) "))
        }
    }

    struct XDPProgram: Equatable {
        let id: Int
        /// Called as libxdp's own is.
        let isStock: Bool
        let mode: String
        let isHeldByLink: Bool
    }

    var bpftoolMode: String { mode == .native ? "driver" : "generic" }
}
