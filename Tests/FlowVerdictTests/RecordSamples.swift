// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Synchronization

extension Window {
    static let sample = Window(
        number: 1, start: UnixTime(nanoseconds: 0), end: UnixTime(nanoseconds: 60_000_000_000),
        endReason: .activeTimeout)
}

extension FlowRecord {
    /// Of packets of 100 octets that came in at a port.
    static func sample(_ verdict: Verdict = .unknown, port: UInt16 = 1, packets: UInt64 = 1) -> FlowRecord {
        FlowRecord(
            port: Port(number: PortNumber(port), name: "tap\(port)", role: .guest), window: .sample,
            key: FlowKey(
                port: PortNumber(port), direction: .egress, transport: TransportNumber.tcp, source: IPAddress(v4: 1),
                destination: IPAddress(v4: 2)),
            count: PacketCount(packets: packets, octets: packets * 100), first: Window.sample.start,
            last: Window.sample.start, verdict: verdict)
    }
}

extension JudgeChain {
    /// Behind a policy whose rules have no names.
    init(then others: [any VerdictJudge] = []) { self.init(policy: PolicyJudge(), then: others) }
}

/// How often judges were asked.
final class Asked: Sendable {
    private let calls = Atomic<Int>(0)

    var count: Int { calls.load(ordering: .relaxed) }

    func note() { calls.add(1, ordering: .relaxed) }
}
