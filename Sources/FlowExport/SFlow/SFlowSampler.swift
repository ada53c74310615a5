// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
package import Host

/// Makes flow samples and discarded-packet samples for one sink of what programs have copied.
package final class SFlowSampler {
    /// Of one port, what was not sent although it came here. By the port's number and the interface's index: numbers are given out again.
    private struct Unsent {
        var index = 0
        var samples: UInt64 = 0
        var discards: UInt64 = 0
    }

    package let name: String
    private let stream: SFlowStream
    private let settings: SamplingSettings
    private let clock: any HostClock
    private var unsent: [PortNumber: Unsent] = [:]
    private var limit: DiscardLimit
    package private(set) var counts = SampleCounts()

    package init(
        _ name: String, _ stream: SFlowStream, _ settings: SamplingSettings, clock: any HostClock = SystemClock()
    ) {
        self.name = name
        self.stream = stream
        self.settings = settings
        self.clock = clock
        limit = DiscardLimit(perSecond: settings.discards ?? 0, now: clock.now.monotonic)
    }

    /// Sends samples of those copies that are for this sink.
    ///
    /// - Parameters:
    ///   - ports: as they are after the last copy was made, by their numbers.
    ///   - missed: copies that were thrown away, by their ports.
    func send(_ copies: [PacketCopy], _ ports: [PortNumber: SampledPort], missed: [PortNumber: MissedCopies]) {
        let ports = ports.filter { settings.covers($1.interface) }
        for (number, missed) in missed { note(ports[number], number, missed) }
        var packets: [SFlowAddition] = []
        for copy in copies {
            guard let port = ports[copy.port], port.index > 0 else { continue }
            switch copy.cause {
            case .sample where settings.rate != nil: addSamples(of: copy, port, &packets)
            case .discarded where settings.discards != nil: addDiscard(copy, port, &packets)
            default: break
            }
        }
        guard !packets.isEmpty else { return }
        // A collector that is away is the other samples' to tell of.
        _ = try? stream.send { packer in
            packer.separate()
            for packet in packets { packet.add(to: &packer, unsent: unsentCounts(of: packet.port, packet.number)) }
        }
    }

    /// What goes to the collectors when all of a batch is known that is not.
    private struct SFlowAddition {
        let copy: PacketCopy
        let port: SampledPort
        var number: PortNumber { copy.port }

        func add(to packer: inout SFlowPacker, unsent: Unsent) {
            switch copy.cause {
            case .sample:
                packer.add(
                    SFlowFlowSample(
                        of: source, rate: port.rate, pool: port.pool, drops: port.lost &+ unsent.samples, way: way,
                        records))
            case .discarded:
                packer.add(
                    SFlowDiscardedPacket(
                        of: source, drops: port.withheld &+ unsent.discards, way: way, reason: .policy, records))
            }
        }

        private var source: SFlowSource { SFlowSource(.interface, UInt32(clamping: port.index)) }

        /// What comes in at the interface is what the machine sends; of an uplink, what the world does.
        private var isInput: Bool { (copy.direction == .egress) == (port.role != "uplink") }

        private var way: SFlowWay {
            let index = UInt32(clamping: port.index)
            return isInput ? SFlowWay(input: index) : SFlowWay(output: index)
        }

        private var records: [any SFlowRecord] {
            let header = SFlowSampledHeader(copy.packet)
            guard let tag = copy.packet.tag else { return [header] }
            return [header, SFlowSwitch(tag, isSource: isInput)]
        }
    }

    /// A frame of which several packets were drawn is several samples.
    private func addSamples(of copy: PacketCopy, _ port: SampledPort, _ packets: inout [SFlowAddition]) {
        let most = UInt32(Self.mostOfFrame)
        for _ in 0..<min(copy.samples, most) { packets.append(SFlowAddition(copy: copy, port: port)) }
        counts.samples += UInt64(min(copy.samples, most))
        if copy.samples > most { miss(samples: UInt64(copy.samples - most), port, copy.port) }
    }

    /// Of the packets of a frame one is told of.
    private func addDiscard(_ copy: PacketCopy, _ port: SampledPort, _ packets: inout [SFlowAddition]) {
        var left = UInt64(copy.packets)
        if limit.take(at: clock.now.monotonic) {
            packets.append(SFlowAddition(copy: copy, port: port))
            counts.discards += 1
            left -= min(left, 1)
        }
        miss(discards: left, port, copy.port)
    }

    /// Longer frames than there are (64 KiB and BIG TCP) do not have more segments of a usual size.
    private static let mostOfFrame = 512

    private func note(_ port: SampledPort?, _ number: PortNumber, _ missed: MissedCopies) {
        guard let port else { return }
        if settings.rate != nil { miss(samples: missed.samples, port, number) }
        if settings.discards != nil { miss(discards: missed.discards, port, number) }
    }

    private func miss(samples: UInt64 = 0, discards: UInt64 = 0, _ port: SampledPort, _ number: PortNumber) {
        var known = unsentCounts(of: port, number)
        known.samples &+= samples
        known.discards &+= discards
        unsent[number] = known
        counts.samplesDropped &+= samples
        counts.discardsWithheld &+= discards
    }

    private func unsentCounts(of port: SampledPort, _ number: PortNumber) -> Unsent {
        guard let known = unsent[number], known.index == port.index else { return Unsent(index: port.index) }
        return known
    }
}

/// Copies that came and were thrown away, of one port.
struct MissedCopies: Equatable, Sendable {
    var samples: UInt64 = 0
    var discards: UInt64 = 0
}

/// So many in any second, none of which is saved for later ones.
private struct DiscardLimit {
    private let perSecond: Int
    private var left: Int
    private var renewal: MonotonicTime

    init(perSecond: Int, now: MonotonicTime) {
        self.perSecond = perSecond
        left = perSecond
        renewal = now.advanced(by: .seconds(1))
    }

    mutating func take(at now: MonotonicTime) -> Bool {
        if now >= renewal {
            left = perSecond
            renewal = now.advanced(by: .seconds(1))
        }
        guard left > 0 else { return false }
        left -= 1
        return true
    }
}
