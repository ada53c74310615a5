// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import FlowVerdict

/// A switch that is looked at, second by second, and the records of one window of its port `tap0`.
struct SwitchTimeline {
    var history: MegaflowHistory
    static let window = Window(number: 7, start: UnixTime(seconds: 1000), end: UnixTime(seconds: 1060))
    static let port = Port(number: PortNumber(1), name: "tap0", role: .guest)

    /// - Parameter start: since when it is known what changes, in seconds of the window.
    init(knownSince start: Double = -100, capacity: Int = 1000) {
        history = MegaflowHistory(capacity: capacity)
        history.begin(at: Self.moment(start))
    }

    static func moment(_ second: Double) -> UnixTime {
        UnixTime(nanoseconds: window.start.nanoseconds + Int64(second * 1e9))
    }

    /// Looks at these megaflows, each its match and its actions, and finds that nothing has changed until then.
    mutating func look(at second: Double, _ megaflows: [(match: String, actions: String)]) {
        var look = history.look(at: Self.moment(second))
        for megaflow in megaflows { history.take(Self.line(megaflow), of: "netdev@ovs-netdev", in: &look) }
        history.end(look, at: Self.moment(second + 0.1))
        history.confirm(until: Self.moment(second + 0.1))
    }

    mutating func change(until second: Double) { history.noteChange(until: Self.moment(second)) }

    static func line(_ megaflow: (match: String, actions: String)) -> String {
        "\(megaflow.match), packets:1, bytes:74, used:0.100s, flags:S, actions:\(megaflow.actions)"
    }

    /// What becomes of a record whose packets were from then to then.
    func verdict(
        _ key: FlowKey = key(to: 80), from first: Double, to last: Double? = nil,
        tcpFlags: (bits: UInt16, aws: UInt8) = (2, 2)
    ) -> Verdict? {
        var judge = MegaflowJudge(history, of: Self.window)
        return judge.verdict(of: Self.record(key, from: first, to: last ?? first, tcpFlags: tcpFlags))
    }

    static func record(
        _ key: FlowKey, from first: Double, to last: Double, tcpFlags: (bits: UInt16, aws: UInt8) = (2, 2)
    ) -> FlowRecord {
        FlowRecord(
            port: port, window: window, key: key, count: PacketCount(packets: 1, octets: 60), first: moment(first),
            last: moment(last), tcpControlBits: tcpFlags.bits, tcpFlags: tcpFlags.aws,
            sourceMAC: MACAddress(0x0200_0000_0001), destinationMAC: MACAddress(0x0200_0000_0002))
    }

    static func key(
        to port: UInt16, transport: UInt8 = TransportNumber.tcp, vlan: UInt16 = 0, direction: Direction = .egress
    ) -> FlowKey {
        FlowKey(
            port: Self.port.number, direction: direction, vlanID: vlan, transport: transport, source: "10.0.0.1",
            destination: "10.0.0.2", sourcePort: 40_000, destinationPort: port)
    }
}
