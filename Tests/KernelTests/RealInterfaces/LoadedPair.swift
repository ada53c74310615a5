// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

/// A pair of interfaces, both measured, over which two CPUs send at the same time.
///
/// On the sending end frames are counted in the sender's own call: what it sent is what must be counted. On the
/// receiving end the interface's queue may be full; then the kernel counts a drop at the sending end.
final class LoadedPair {
    let sending: RegisteredPort
    let receiving: RegisteredPort
    let installation: TemporaryInstallation
    private let sender: NetworkNamespace
    private let receiver: NetworkNamespace
    private var senders: [CountingSender] = []

    init() throws {
        sender = try NetworkNamespace("sender")
        receiver = try NetworkNamespace("receiver")
        try sender.addPair("out0", to: receiver, "in0")
        try CountingSender.prepare("out0", in: sender)
        installation = try TemporaryInstallation()
        sending = try installation.attach("out0", in: sender)
        receiving = try installation.attach("in0", in: receiver)
    }

    func start() throws { senders = try [0, 1].map { try CountingSender(on: $0, in: sender) } }

    /// Stops the senders and waits until nothing is under way. The datagrams of each flow, over both senders.
    func stop() throws -> [UInt16: UInt64] {
        let counts = try senders.map { try $0.stop() }
        #expect(counts.allSatisfy { $0.values.allSatisfy { $0 > 0 } })
        let sent = counts.reduce(into: [UInt16: UInt64]()) { $0.merge($1, uniquingKeysWith: +) }
        let all = sent.values.reduce(0, +)
        try waitUntil("the receiving end has counted what it was given") {
            let seen = try installation.installation.tables.lifetimeTotals(of: receiving)?.egress.seen
            return try (seen?.packets ?? 0) + dropped() >= all
        }
        return sent
    }

    /// Everything that was sent is in the windows, once: flow by flow at the sending end, and at the receiving end all
    /// but what its queue had no room for.
    func check(_ tally: WindowTally, _ sent: [UInt16: UInt64]) throws {
        for (destinationPort, packets) in sent {
            let key = FlowIdentity(
                transport: TransportNumber.udp, source: CountingSender.source,
                destination: CountingSender.destination, sourcePort: CountingSender.sourcePort,
                destinationPort: destinationPort)
            #expect(tally.counts[key.key(port: sending.number, direction: .ingress)] == Self.count(packets))
        }
        let all = sent.values.reduce(0, +)
        let (out, into) = (tally.seen(sending.number, .ingress), tally.seen(receiving.number, .egress))
        #expect(out.seen == Self.count(all) && out.ip == out.seen && out.overflow.isZero)
        #expect(into.seen == Self.count(all - (try dropped())) && into.ip == into.seen && into.overflow.isZero)
        #expect(tally.counts.count == 2 * CountingSender.flows)
    }

    private static func count(_ packets: UInt64) -> PacketCount {
        PacketCount(packets: packets, octets: packets * CountingSender.octets)
    }

    /// Frames that the receiving end's queue had no room for, as the kernel counted them.
    private func dropped() throws -> UInt64 {
        let words = try sender.ip("-s link show out0").split { $0 == " " || $0 == "\n" }
        let label = try #require(words.firstIndex(of: "TX:"))
        // "TX: bytes packets errors dropped carrier collsns", then the numbers.
        return try #require(UInt64(words[label + 10]))
    }
}
