// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowFormats
import FlowModel
import FlowTestKit
import Foundation
import Host
import Reporting
import Testing

/// What collectors get of packets that were copied, as a decoder reads it that was written from the specifications.
@Suite struct SFlowSamplerTests {
    private let clock = SimulatedClock(
        monotonic: MonotonicTime(nanoseconds: 1_000_000_000), realtime: UnixTime(seconds: examplePeriod))
    private let decoder: SFlowDecoder

    init() throws { decoder = try SFlowDecoder() }

    private func sampler(rate: UInt32? = 400, discards: Int? = nil, ports: [String] = []) throws -> SFlowSampler {
        var settings = SamplingSettings()
        (settings.rate, settings.discards, settings.ports) = (rate, discards, ports)
        let stream = SFlowStream(
            to: [try #require(CollectorAddress("udp://127.0.0.1:\(decoder.port)"))], agent: "192.0.2.1", clock: clock)
        return SFlowSampler("s", stream, settings, clock: clock)
    }

    private static let guest = port("tap7", 7, index: 11, role: "guest")
    private static let uplink = port("eth0", 2, index: 2, role: "uplink")

    private static func port(_ name: String, _ number: Int, index: Int, role: String) -> SampledPort {
        var port = SampledPort()
        (port.interface, port.number, port.index, port.role, port.rate) = (name, number, index, role, 400)
        (port.pool, port.lost, port.withheld) = ((5 << 32) + 123_456, 3, 40)
        return port
    }

    /// Gives a sampler copies, and returns what its collector got.
    private func samples(
        of copies: [PacketCopy], _ sampler: SFlowSampler, _ ports: [SampledPort] = [guest, uplink]
    ) throws -> [SFlowDecoder.Sample] {
        var report = SamplingReport()
        report.ports = ports
        let sampling = PacketSampling([sampler], clock: clock) { report }
        for copy in copies { sampling.take(copy) }
        sampling.sendAll()
        return try decoder.datagrams().flatMap(\.samples)
    }

    private static let frame = Frame(
        .ethernet(), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .udp(from: 1000, to: 53),
        .payload(Array(repeating: 7, count: 40))
    ).bytes

    private static func copy(
        _ cause: PacketCopy.Cause = .sample, at port: PortNumber = PortNumber(7), _ direction: Direction = .egress,
        packets: UInt32 = 1,
        samples: UInt32 = 1, _ packet: WirePacket? = nil
    ) -> PacketCopy {
        PacketCopy(
            cause, port: port, direction: direction, packets: packets, samples: samples,
            packet ?? WirePacket(frame, length: UInt32(frame.count)))
    }

    @Test func `a sample has its port's rate, pool and losses, and the interface on the side that it was seen at`()
        throws
    {
        let copies = [
            Self.copy(), Self.copy(at: PortNumber(7), .ingress), Self.copy(at: PortNumber(2), .ingress),
            Self.copy(at: PortNumber(2)),
            Self.copy(at: PortNumber(9)),
        ]
        let samples = try samples(of: copies, try sampler())
        #expect(samples.map(\.source) == [[0, 11], [0, 11], [0, 2], [0, 2]])
        #expect(samples.map(\.sequence) == [1, 2, 1, 2])
        #expect(samples.allSatisfy { $0.format == 1 && $0.fields["rate"] == 400 && $0.fields["drops"] == 3 })
        #expect(samples.allSatisfy { $0.fields["pool"] == 123_456 })
        #expect(samples.map { [$0.fields["input"], $0.fields["output"]] } == [[11, 0], [0, 11], [2, 0], [0, 2]])
        let header = try #require(samples[0].records["1"])
        let bytes = Self.frame.map { String(format: "%02x", $0) }.joined()
        // With its check sequence.
        #expect(header == ["protocol": 1, "frame_length": 86, "stripped": 4, "bytes": .text(bytes)])
        #expect(samples.allSatisfy { Set($0.records.keys) == ["1"] })
    }

    @Test func `an index that has more than 24 bits takes an expanded sample`() throws {
        let port = Self.port("tap7", 7, index: 1 << 24, role: "guest")
        let samples = try samples(of: [Self.copy(), Self.copy(.sample, .ingress)], try sampler(), [port])
        #expect(samples.map(\.format) == [3, 3] && samples.map(\.sequence) == [1, 2])
        #expect(samples.allSatisfy { $0.source == [0, 1 << 24] })
        #expect(samples.map { [$0.fields["input"], $0.fields["output"]] } == [[1 << 24, 0], [0, 1 << 24]])
    }

    @Test func `a frame of which several packets were drawn is several samples`() throws {
        let samples = try samples(of: [Self.copy(packets: 45, samples: 3)], try sampler())
        #expect(samples.map(\.sequence) == [1, 2, 3])
    }

    @Test func `a VLAN is told of on the side that it was seen at`() throws {
        let tagged = WirePacket(Self.frame, length: UInt32(Self.frame.count), tag: VLANTag(bits: 0xa064))
        let samples = try samples(
            of: [Self.copy(.sample, .egress, tagged), Self.copy(.sample, .ingress, tagged)], try sampler())
        #expect(samples[0].records["1001"] == ["src_vlan": 100, "src_priority": 5, "dst_vlan": 0, "dst_priority": 0])
        #expect(samples[1].records["1001"] == ["src_vlan": 0, "src_priority": 0, "dst_vlan": 100, "dst_priority": 5])
        #expect(samples[0].records["1"]?["frame_length"] == 90)
    }

    @Test func `a sink gets samples of its own ports, and of what it asks for`() throws {
        let sampler = try sampler(ports: ["eth*"])
        let copies = [Self.copy(), Self.copy(at: PortNumber(2)), Self.copy(.discarded, at: PortNumber(2))]
        #expect(try samples(of: copies, sampler).map(\.source) == [[0, 2]])
        #expect(sampler.counts.samples == 1 && sampler.counts.discards == 0)
    }

    @Test func `of packets that the policy drops so many are told of in a second, and the others are counted`() throws {
        let sampler = try sampler(rate: nil, discards: 2)
        var report = SamplingReport()
        report.ports = [Self.guest]
        let sampling = PacketSampling([sampler], clock: clock) { report }
        for second in 0..<2 {
            for _ in 0..<5 { sampling.take(Self.copy(.discarded)) }
            sampling.take(Self.copy(.discarded, packets: 44))
            sampling.sendAll()
            report.ports[0].withheld += UInt64(second)
            clock.advance(by: .seconds(1))
        }
        sampling.take(Self.copy(.discarded, packets: 10))
        sampling.sendAll()
        let samples = try decoder.datagrams().flatMap(\.samples)
        #expect(samples.count == 5 && samples.allSatisfy { $0.format == 5 && $0.source == [0, 11] })
        #expect(samples.map(\.sequence) == [1, 2, 3, 4, 5])
        #expect(Set(samples.map { $0.fields["reason"] }) == [258])
        #expect(Set(samples.map { [$0.fields["input"], $0.fields["output"]] }) == [[11, 0]])
        // What the port withheld, and of 49 packets two, of 98 four, of 108 five were told of.
        #expect(samples.map { $0.fields["drops"] } == [87, 87, 134, 134, 144])
        #expect(sampler.counts.discards == 5 && sampler.counts.discardsWithheld == 103)
        #expect(Set(samples[0].records.keys) == ["1"])
    }

    @Test func `copies of a time at which the daemon does not answer are counted, and told of with the next`() throws {
        let sampler = try sampler()
        var report: SamplingReport?
        let sampling = PacketSampling([sampler], clock: clock) { report }
        for _ in 0..<3 { sampling.take(Self.copy(samples: 1)) }
        sampling.sendAll()
        report = SamplingReport()
        report?.ports = [Self.guest]
        sampling.take(Self.copy())
        sampling.sendAll()
        let samples = try decoder.datagrams().flatMap(\.samples)
        #expect(samples.map { $0.fields["drops"] } == [3 + 3])
        #expect(sampler.counts.samples == 1 && sampler.counts.samplesDropped == 3)
    }

    @Test func `a copy waits for less than a second, and many do not wait`() throws {
        let sampling = PacketSampling([try sampler()], clock: clock) { SamplingReport() }
        #expect(sampling.rest == nil)
        sampling.take(Self.copy())
        let rest = try #require(sampling.rest)
        #expect(rest > .zero && rest < .seconds(1))
        clock.advance(by: .milliseconds(300))
        #expect(sampling.rest == rest - .milliseconds(300))
        for _ in 0..<100 { sampling.take(Self.copy()) }
        #expect(sampling.rest == .zero)
        sampling.sendDue()
        #expect(sampling.rest == nil)
        for _ in 0..<100 { sampling.take(Self.copy()) }
        #expect(try #require(sampling.rest) > .zero)
        _ = try decoder.datagrams()
    }

    @Test func `a port has the rate of the first sink that samples it, and the limit of the one that wants most`() {
        var (first, second, third) = (SamplingSettings(), SamplingSettings(), SamplingSettings())
        (first.rate, first.ports) = (64, ["tap1*"])
        (second.rate, second.discards, second.ports) = (400, 10, ["tap*"])
        third.discards = 100
        let all = [first, second, third]
        #expect(all.sampling(of: "tap17") == PortSampling(rate: 64, discards: 100))
        #expect(all.sampling(of: "tap2") == PortSampling(rate: 400, discards: 100))
        #expect(all.sampling(of: "eth0") == PortSampling(rate: 0, discards: 100))
        #expect([first, second, SamplingSettings()].sampling(of: "eth0") == nil)
    }
}

@Suite struct SamplingDocumentTests {
    @Test func `the table of metrics in docs/sflow.md is made of the declarations`() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let page = try String(contentsOf: root.appending(path: "docs/sflow.md"), encoding: .utf8)
        #expect(page.contains(Metric.documentation(of: SamplingReport.metrics)))
    }
}
