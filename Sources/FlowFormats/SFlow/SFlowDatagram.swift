// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What an sFlow agent tells about: `sflow_data_source` of sflow_version_5.txt.
package struct SFlowSource: Hashable, Sendable {
    package enum Kind: UInt32, Sendable {
        case interface = 0
        case physicalEntity = 2
        case logicalEntity = 3
    }

    package let kind: Kind
    /// 24 bits of it go into a datagram.
    package let index: UInt32

    package init(_ kind: Kind, _ index: UInt32) {
        self.kind = kind
        self.index = index
    }

    /// The largest index that a source can have in a sample that is not expanded.
    package static let greatestIndex: UInt32 = (1 << 24) - 1

    /// The host itself, as other agents number it.
    package static let host = SFlowSource(.physicalEntity, 1)

    var word: UInt32 { kind.rawValue << 24 | index & Self.greatestIndex }
}

/// Puts samples into datagrams of sFlow version 5 (sflow_version_5.txt, 5), without cutting one.
///
/// Counts the sequence numbers of datagrams and of each source's samples, from 1 on.
package struct SFlowPacker: Sendable {
    /// Ethernet's 1500 bytes less the headers of IPv6 and UDP, and some room for tunnels.
    package static let longestDatagram = 1400
    /// Of a datagram with an IPv6 address of the agent.
    private static let longestHead = 40

    private let subAgent: UInt32
    private var datagrams: UInt32 = 0
    /// By the source and the format of the sample.
    private var sequences: [Series: UInt32] = [:]
    /// Samples, by the datagrams that they must not share.
    private var waiting: [[XDRBytes]] = [[]]

    package init(subAgent: UInt32) { self.subAgent = subAgent }

    /// A counter sample that is to go into the next datagram.
    package mutating func add(_ records: [any SFlowRecord], of source: SFlowSource) {
        add(.counters, of: source) { sample in
            sample.append(source.word)
            sample.append(records)
        }
    }

    /// A flow sample that is to go into the next datagram; an expanded one where an index needs it.
    package mutating func add(_ sample: SFlowFlowSample) {
        add(sample.isExpanded ? .expandedFlow : .flow, of: sample.source, counting: .flow, sample.append)
    }

    /// A packet that was discarded, which is to go into the next datagram.
    package mutating func add(_ sample: SFlowDiscardedPacket) {
        add(.discardedPacket, of: sample.source, sample.append)
    }

    /// - Parameter series: the format among whose samples it is counted, where that is another.
    private mutating func add(
        _ format: SampleFormat, of source: SFlowSource, counting series: SampleFormat? = nil,
        _ append: (inout XDRBytes) -> Void
    ) {
        let series = Series(source: source, format: series ?? format)
        sequences[series, default: 0] &+= 1
        var sample = XDRBytes()
        sample.append(format.rawValue)
        sample.appendMeasured { sample in
            sample.append(sequences[series] ?? 0)
            append(&sample)
        }
        waiting[waiting.count - 1].append(sample)
    }

    /// What is added from now on has datagrams of its own.
    package mutating func separate() { waiting.append([]) }

    /// The datagrams of all samples that were added.
    ///
    /// - Parameters:
    ///   - agent: the address by which collectors tell agents apart.
    ///   - uptime: milliseconds since the agent started.
    package mutating func take(agent: IPAddress, uptime: UInt32) -> [[UInt8]] {
        let groups = waiting.flatMap(Self.datagramsOfSamples)
        waiting = [[]]
        return groups.map { datagram(of: $0, agent, uptime) }
    }

    /// As many samples to a datagram as there is room for.
    private static func datagramsOfSamples(_ samples: [XDRBytes]) -> [[XDRBytes]] {
        var datagrams: [[XDRBytes]] = []
        var room = 0
        for sample in samples {
            if datagrams.isEmpty || sample.bytes.count > room {
                datagrams.append([])
                room = longestDatagram - longestHead
            }
            datagrams[datagrams.count - 1].append(sample)
            room -= sample.bytes.count
        }
        return datagrams
    }

    private mutating func datagram(of samples: [XDRBytes], _ agent: IPAddress, _ uptime: UInt32) -> [UInt8] {
        datagrams &+= 1
        var datagram = XDRBytes()
        datagram.append(UInt32(5))
        switch agent.version {
        case .v4:
            datagram.append(UInt32(1))
            datagram.append(UInt32(truncatingIfNeeded: agent.low))
        case .v6:
            datagram.append(UInt32(2))
            datagram.append(agent.high)
            datagram.append(agent.low)
        }
        datagram.append(subAgent)
        datagram.append(datagrams)
        datagram.append(uptime)
        datagram.append(UInt32(samples.count))
        for sample in samples { datagram.append(sample) }
        return datagram.bytes
    }
}

/// The enterprise is 0, sFlow's own.
private enum SampleFormat: UInt32 {
    case flow = 1
    case counters = 2
    case expandedFlow = 3
    /// Of sflow_drops.txt.
    case discardedPacket = 5
}

/// Samples that are numbered one after the other.
private struct Series: Hashable {
    let source: SFlowSource
    let format: SampleFormat
}

/// A structure that stands in a sample.
package protocol SFlowRecord: Sendable {
    /// The number of the structure; the enterprise is 0.
    static var format: UInt32 { get }
    /// Its fields, in the order of the specification.
    func append(to bytes: inout XDRBytes)
}

extension SFlowRecord {
    func appendTagged(to bytes: inout XDRBytes) {
        bytes.append(Self.format)
        bytes.appendMeasured(append)
    }
}

extension XDRBytes {
    /// How many structures there are, and each of them.
    mutating func append(_ records: [any SFlowRecord]) {
        append(UInt32(records.count))
        for record in records { record.appendTagged(to: &self) }
    }
}
