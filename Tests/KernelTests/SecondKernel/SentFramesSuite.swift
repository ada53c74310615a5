// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
internal import Foundation
import Host
import Testing

extension SecondKernel {
    /// Frames that are handed to a port past its qdisc: by a packet socket here, as a switch does through AF_XDP.
    @Suite struct SentFramesSuite {
        private let host: NetworkNamespace
        private let guest: NetworkNamespace

        init() throws {
            host = try NetworkNamespace("host")
            guest = try NetworkNamespace("guest")
        }

        /// All that an interface with the usual MTU takes.
        private static let frames = FrameTable.all.map(\.bytes).filter { 14...1514 ~= $0.count }

        /// Who receives a tag takes it out, and drops a frame that ends in it (skb_vlan_untag).
        private static func isReceived(_ frame: [UInt8]) -> Bool {
            !([[0x81, 0x00], [0x88, 0xa8]].contains(Array(frame[12..<14])) && frame.count < 14 + 4 + 2)
        }

        @Test(arguments: zip(XDPMode.allCases, FlowEngine.allCases))
        func everyFrameToAPairIsCountedAsTheReferenceSays(_ mode: XDPMode, _ engine: FlowEngine) throws {
            try host.addPair("port0", to: guest, "eth0")
            let measured = try MeasuredPort("port0", in: host, mode, engine)
            let witness = try CaptureWitness(on: "eth0", in: guest, direction: .received, longest: 2048)
            try measured.send(Self.frames)
            try waitUntil("the last frame has arrived") { try witness.frames().contains(MeasuredPort.mark) }
            let arrived = try witness.stop()
            #expect(arrived.count == Self.frames.count(where: Self.isReceived) + 1)
            try measured.expect(Self.frames + [MeasuredPort.mark])
            try measured.close()
        }

        @Test(arguments: XDPMode.allCases)
        func framesToATapAreThoseThatItsMachineReads(_ mode: XDPMode) throws {
            try host.ip("tuntap add dev port0 mode tap vnet_hdr")
            try host.bringUp("port0")
            // Fewer than its queue takes, however slow the machine is.
            let frames = FrameTable.transports.map(\.bytes) + FrameTable.tags.map(\.bytes)
            let machine = try TapMachine(tap: "port0", in: host, sending: [], segment: 0)
            let measured = try MeasuredPort("port0", in: host, mode, .line)
            try machine.send()
            try measured.send(frames)
            #expect(try machine.finish() == frames.count + 1)
            try measured.expect(frames + [MeasuredPort.mark])
            try measured.close()
        }

        /// A chain of headers that is longer than what is kept of other frames.
        @Test func longChainsOfExtensionsAreFollowed() throws {
            try host.addPair("port0", to: guest, "eth0")
            let measured = try MeasuredPort("port0", in: host, .native, .line)
            let chains = (1...7).map { count in
                let extensions = (0..<count).map { _ in Layer.destinationOptions(length: 160) }
                return Frame([.ethernet(), .ipv6()] + extensions + [.udp(from: 1, to: 2), .payload(9)]).bytes
            }
            try measured.send(chains)
            try measured.expect(chains + [MeasuredPort.mark])
            #expect(try measured.totals().ip.packets == 7)
            try measured.close()
        }

        @Test func onlyThePortThatAFrameIsSentToCountsIt() throws {
            for index in 0..<3 { try host.addPair("port\(index)", to: guest, "eth\(index)") }
            let installation = try TemporaryInstallation()
            let ports = try (0..<2).map { try installation.attach("port\($0)", in: host, AttachOptions(hook: .xsk)) }
            #expect(ports.map(\.toHook) == [.fentry, .fentry])
            for (index, count) in [3, 5, 7].enumerated() {
                let injector = try FrameInjector(on: "port\(index)", in: host, isPastQdisc: true)
                for _ in 0..<count { try injector.send(MeasuredPort.mark) }
            }
            func sent(_ port: RegisteredPort) throws -> UInt64? {
                try installation.installation.tables.lifetimeTotals(of: port)?.ingress.seen.packets
            }
            #expect(try ports.map { try sent($0) } == [3, 5], "and those of the third interface nobody")

            try installation.detach(ports[0])
            for index in 0..<2 {
                try FrameInjector(on: "port\(index)", in: host, isPastQdisc: true).send(MeasuredPort.mark)
            }
            #expect(try ports.map { try sent($0) } == [3, 6])
            try installation.detach(ports[1])
            let left = try ChildProcess.run(["find", installation.directory.base, "-path", "*/sent-1*"])
            #expect(left.isEmpty, "with the last port the programs go: \(left)")
        }

        @Test func `ports of a role share one program, and each counts its own frames in its own direction`() throws {
            for index in 0..<3 { try host.addPair("port\(index)", to: guest, "eth\(index)") }
            let installation = try TemporaryInstallation()
            let ports = try [PortRole.guest, .guest, .uplink].enumerated().map { index, role in
                try installation.attach("port\(index)", in: host, AttachOptions(role: role, hook: .xsk))
            }
            func programs() throws -> Int {
                let pins = try ChildProcess.run(["find", installation.directory.base, "-name", "weir_sent_to-*"])
                return pins.split(separator: "\n").count
            }
            #expect(try programs() == 2)
            for (index, count) in [3, 5, 7].enumerated() {
                let injector = try FrameInjector(on: "port\(index)", in: host, isPastQdisc: true)
                for _ in 0..<count { try injector.send(MeasuredPort.mark) }
            }
            let totals = try ports.map { try #require(try installation.installation.tables.lifetimeTotals(of: $0)) }
            #expect(totals.map(\.ingress.seen.packets) == [3, 5, 0])
            #expect(totals.map(\.egress.seen.packets) == [0, 0, 7])
            for port in ports { try installation.detach(port) }
            #expect(try programs() == 0)
        }

        /// What is counted while windows end is in the one or in the next, and nothing is in both.
        @Test func windowsEndUnderTrafficAndNothingIsLost() throws {
            try host.addPair("port0", to: guest, "eth0")
            let measured = try MeasuredPort("port0", in: host, .native, .line)
            var meter = try measured.installation.meter(interval: .seconds(3600))
            var tally = WindowTally()
            func cut() throws {
                let closed = try #require(try meter.cutShort(at: .now))
                tally.add(closed)
                try meter.release(closed)
            }
            let senders = try Set([0, ProcessInfo.processInfo.activeProcessorCount - 1]).map {
                try PastQdiscSender("port0", in: host, on: $0)
            }
            while tally.windows < 100 { try cut() }
            let sent = try senders.map { try $0.stop() }
            try cut()
            #expect(sent.allSatisfy { $0 > 100 } && tally.busyWindows >= 100, "\(sent)")
            let total = PacketCount(packets: sent.reduce(0, +), octets: sent.reduce(0, +) * PastQdiscSender.octets)
            #expect(tally.counts.values.reduce(.zero, +) == total)
            #expect(tally.counts.count == 1)
            #expect(try measured.installation.installation.missedFrames == 0)
            try measured.close()
        }
    }
}

/// A program on one CPU that sends one frame past a qdisc again and again, until it is told to stop and says how often.
private final class PastQdiscSender {
    private static let frame = Frame(.ethernet(), .ipv4(), .udp(from: 1, to: 2), .payload(10)).bytes
    static let octets: UInt64 = 20 + 8 + 10

    private let child: ChildProcess

    init(_ interface: String, in namespace: NetworkNamespace, on cpu: Int) throws {
        let frame = Self.frame.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        child = try Traffic.start(Self.program, [interface, frame], on: cpu, in: namespace)
    }

    func stop() throws -> UInt64 {
        let result = child.stop(15, grace: .seconds(20))
        return try #require(UInt64(result.output.split(separator: "\n").last ?? ""), "\(result.errors)")
    }

    /// Ends by itself after minutes.
    private static let program = """
        import signal, socket, sys, time
        SOL_PACKET, PACKET_QDISC_BYPASS = 263, 20
        stopped = False
        def stop(*_):
            global stopped
            stopped = True
        signal.signal(signal.SIGTERM, stop)
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sender.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, 1)
        sender.bind((sys.argv[1], 0))
        frame = bytes.fromhex(sys.argv[2])
        end = time.monotonic() + 240
        print("ready", flush=True)
        count = 0
        while not stopped and time.monotonic() < end:
            sender.send(frame)
            count += 1
        print(count)
        """
}

/// A port of an installation of its own, to which frames are sent past its qdisc.
private final class MeasuredPort {
    static let mark = TapMachine.mark

    let installation: TemporaryInstallation
    private let port: RegisteredPort
    private let injector: FrameInjector

    init(_ name: String, in host: NetworkNamespace, _ mode: XDPMode, _ engine: FlowEngine) throws {
        installation = try TemporaryInstallation(TableRequest(engine: engine, flowBudget: 4096))
        port = try installation.attach(name, in: host, AttachOptions(hook: .xsk, xdpMode: mode))
        #expect(port.fromHook == .xsk && port.toHook == .fentry && port.xdpMode == mode)
        injector = try FrameInjector(on: name, in: host, isPastQdisc: true)
    }

    func send(_ frames: [[UInt8]]) throws { for frame in frames + [Self.mark] { try injector.send(frame) } }

    func totals() throws -> PortTotals {
        try #require(try installation.installation.tables.snapshot().totals[port.number]).ingress
    }

    /// Every flow and total is as the reference has it.
    func expect(_ frames: [[UInt8]], sourceLocation location: SourceLocation = #_sourceLocation) throws {
        var reference = ReferenceMeter()
        for frame in frames { reference.see(frame) }
        #expect(try totals() == reference.totals, sourceLocation: location)
        let snapshot = try installation.installation.tables.snapshot()
        let flows = snapshot.flows.filter { $0.key.port == port.number }
        #expect(flows.allSatisfy { $0.key.direction == .ingress }, sourceLocation: location)
        let recorded = flows.map { (FlowIdentity($0.key), ReferenceMeter.Tally($0.value)) }
        #expect(Dictionary(uniqueKeysWithValues: recorded) == reference.flows, sourceLocation: location)
        #expect(try installation.installation.missedFrames == 0, sourceLocation: location)
    }

    func close() throws { try installation.detach(port) }
}
