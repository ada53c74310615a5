// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
internal import Foundation
import Testing

/// A pair of interfaces with programs of others on the measured end, and a machine at the other that sends datagrams.
/// Nothing else is on the wire.
final class DispatcherPath {
    let host: NetworkNamespace
    let installation: TemporaryInstallation
    private let guest: NetworkNamespace
    private let libxdpFolder = LibxdpFolder()

    static let source: IPAddress = "10.9.0.1"
    private static let destination: IPAddress = "10.9.0.2"
    private static let sourcePort: UInt16 = 4000
    /// Of the datagrams that are sent as many go to each.
    static let ports: [UInt16] = [1000, 1001]
    private static let octets: UInt64 = 20 + 8 + 10

    init() throws {
        host = try NetworkNamespace("host")
        guest = try NetworkNamespace("guest")
        try host.addPair("port0", to: guest, "eth0")
        installation = try TemporaryInstallation()
    }

    /// Leaves nothing in bpffs, whatever a test has left on the interface.
    deinit {
        for port in (try? installation.attachedPorts) ?? [] { try? detach(port) }
        _ = try? host.outcome(of: ["xdp-loader", "unload", "--all", "port0"])
        _ = try? host.run(["xdp-loader", "clean"])
    }

    func attach(_ options: AttachOptions = AttachOptions(hook: .xdp)) throws -> RegisteredPort {
        try installation.attach("port0", in: host, options)
    }

    func detach(_ port: RegisteredPort) throws { try installation.detach(port) }

    func isAlive(_ port: RegisteredPort) throws -> Bool { try installation.isAlive(port) }

    func closeDeadPorts() throws -> [RegisteredPort] {
        try host.inside { try installation.installation.closeDeadPorts() }
    }

    func review() throws -> PortReview {
        try host.inside { try installation.installation.review(PortInspection(installation.directory)) }
    }

    /// Takes Weir's entry out of the dispatcher.
    func unloadEntry() throws {
        let line = try #require(
            try dispatcher.split(separator: "\n").first { $0.contains("=>") && $0.contains("weir_xdp") })
        try host.run(["xdp-loader", "unload", "--id", String(line.split(separator: " ")[3]), "port0"])
    }

    func load(_ program: OtherProgram, _ mode: XDPMode = .native) throws {
        try program.load(on: "port0", in: host, mode == .native ? "native" : "skb")
    }

    /// Takes the program away from the dispatcher.
    func unload(_ program: OtherProgram) throws {
        let lines = try dispatcher.split(separator: "\n").filter { $0.contains(program.name) }
        guard lines.count == 1, let id = lines[0].split(separator: " ").dropFirst(3).first else {
            throw NotThere(program: program.name)
        }
        try host.run(["xdp-loader", "unload", "--id", String(id), "port0"])
    }

    struct NotThere: Error { let program: String }

    /// The programs that the dispatcher calls, in their order, as xdp-loader has them.
    var called: [String] {
        get throws {
            try dispatcher.split(separator: "\n").filter { $0.contains("=>") }
                .map { String($0.split(separator: " ")[2]) }
        }
    }

    /// The dispatcher and what it calls, with their ids.
    var dispatcher: String { get throws { try host.run(["xdp-loader", "status", "port0"]) } }

    /// Sends as many datagrams to each port.
    func send(_ count: UInt64) throws {
        let sender = try SteadySender(Self.frames, on: "eth0", in: guest, rounds: count)
        #expect(try sender.finish() == count)
        try expectRoomForAll()
    }

    /// Sends to each port in turn until it is stopped.
    func startSending() throws -> SteadySender { try SteadySender(Self.frames, on: "eth0", in: guest, rounds: .max) }

    /// Ends it. How many datagrams it has sent to each port.
    func stop(_ sender: SteadySender) throws -> UInt64 {
        let count = try sender.stop()
        try expectRoomForAll()
        return count
    }

    /// The measured end's queue had room for every frame: else what was sent is no witness.
    private func expectRoomForAll() throws {
        let line = try guest.run(["cat", "/proc/net/dev"]).split(separator: "\n").first { $0.contains("eth0:") }
        // After the name eight numbers of what was received; then bytes, packets, errors, drops.
        #expect(line?.split(separator: " ").dropFirst(12).first == "0", "\(line ?? "")")
    }

    private static let frames = ports.map { port in
        Frame(
            .ethernet(), .ipv4(from: source, to: destination), .udp(from: sourcePort, to: port), .payload(10)
        ).bytes
    }

    /// What that many datagrams to one port are.
    static func count(_ packets: UInt64) -> PacketCount {
        PacketCount(packets: packets, octets: packets * octets)
    }

    /// What the port has recorded of the flow to that port of the destination.
    func recorded(_ port: RegisteredPort, to destinationPort: UInt16) throws -> PacketCount {
        let key = FlowIdentity(
            transport: TransportNumber.udp, source: Self.source, destination: Self.destination,
            sourcePort: Self.sourcePort, destinationPort: destinationPort)
        return try installation.installation.tables.snapshot()
            .flows[key.key(port: port.number, direction: .egress)]?.count ?? .zero
    }
}
