// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Testing

@Suite struct KernelDropHistoryTests {
    private static let end = UnixTime(nanoseconds: 60_000_000_000)
    private static let window = Window(number: 1, start: UnixTime(nanoseconds: 0), end: end)

    private static func flow(port: UInt16, direction: Direction = .ingress) -> FlowKey {
        FlowKey(
            port: PortNumber(port), direction: direction, transport: TransportNumber.udp, source: IPAddress(v4: 1),
            destination: IPAddress(v4: 2), sourcePort: 3, destinationPort: 4)
    }

    private static func drop(_ packets: UInt64, _ reason: RejectReason, port: UInt16 = 7) -> PacketDrop {
        PacketDrop(flow: flow(port: port), reason: reason, count: PacketCount(packets: packets, octets: packets))
    }

    /// What is said of a record of five packets that came in at port 7, with a tag.
    private static func verdict(_ drops: [PacketDrop], direction: Direction = .egress, of other: Window? = nil)
        -> Verdict?
    {
        let history = KernelDropHistory()
        history.note(drops, end: end)
        var key = flow(port: 7, direction: direction)
        key.vlanID = 9
        let record = FlowRecord(
            port: Port(number: PortNumber(7), name: "tap7", role: .guest), window: window, key: key,
            count: PacketCount(packets: 5, octets: 500), first: window.start, last: window.start)
        var judge = history.judge(of: other ?? window)
        return judge?.verdict(of: record)
    }

    @Test(
        arguments: [
            // All of it; by the reason of most.
            ([drop(5, "NETFILTER_DROP")], Verdict.reject(.kernelDrop, reason: "NETFILTER_DROP")),
            ([drop(2, "QDISC_DROP"), drop(3, "IP_INNOROUTES")], .reject(.kernelDrop, reason: "IP_INNOROUTES")),
            // By an interface that the packets were lifted to.
            ([drop(5, "NETFILTER_DROP", port: 0)], .reject(.kernelDrop, reason: "NETFILTER_DROP")),
            ([drop(4, "NETFILTER_DROP")], .mixed(.kernelDrop)),
            // At another port; of a copy; behind the end of the way.
            ([drop(5, "NETFILTER_DROP", port: 8)], nil), ([drop(5, "OTHERHOST")], nil),
            ([drop(5, "TCP_OLD_DATA")], nil),
            ([drop(5, "SOCKET_RCVBUFF")], nil), ([], nil),
        ] as [([PacketDrop], Verdict?)])
    func `what was dropped of a record decides`(drops: [PacketDrop], verdict: Verdict?) {
        #expect(Self.verdict(drops) == verdict)
    }

    @Test func `what leaves by the port, and other windows, are not judged by it`() {
        let drops = [Self.drop(5, "NETFILTER_DROP")]
        #expect(Self.verdict(drops, direction: .ingress) == nil)
        let next = Window(number: 2, start: Self.end, end: UnixTime(nanoseconds: 120_000_000_000))
        #expect(Self.verdict(drops, of: next) == nil)
    }
}
