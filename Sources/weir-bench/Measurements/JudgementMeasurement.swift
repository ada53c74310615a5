// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit
import FlowVerdict
import Host

/// How long it takes to judge a window's records by the megaflows of a switch: half of them at once, half after conntrack.
enum JudgementMeasurement {
    private static let window = Window(number: 3, start: UnixTime(seconds: 1000), end: UnixTime(seconds: 1060))
    private static let port = Port(number: PortNumber(1), name: "tap0", role: .guest)
    private static let firstPort: UInt16 = 10_000
    /// Of lengths of prefixes, each with and without conntrack: as many masks.
    private static let lengths = 17...32

    static func figure(records: Int, megaflows: Int, rounds: Int) throws -> JudgementFigure {
        let lines = lines(megaflows)
        let records = self.records(records, megaflows)
        var reading = Samples()
        var judging = Samples()
        for _ in 0..<rounds {
            var history = MegaflowHistory()
            history.begin(at: UnixTime(seconds: 900))
            // The switch has them already: what is new is parsed once, and what is known is known again.
            look(at: 990, lines, &history)
            reading.append(ThreadCPU.time { look(at: 1030, lines, &history) } / .milliseconds(1))
            look(at: 1061, [], &history)
            var judged = 0
            let time = ThreadCPU.time {
                var judge = MegaflowJudge(history, of: window)
                for record in records { judged += judge.verdict(of: record) == nil ? 0 : 1 }
            }
            guard judged == records.count else {
                throw BenchFailure(description: "\(judged) of \(records.count) records were judged")
            }
            judging.append(time / .milliseconds(1))
        }
        return JudgementFigure(
            records: records.count, megaflows: megaflows, readMilliseconds: reading.figure,
            judgeMilliseconds: judging.figure)
    }

    private static func look(at second: Int64, _ lines: [String], _ history: inout MegaflowHistory) {
        var look = history.look(at: UnixTime(seconds: second))
        for line in lines { history.take(line, in: &look) }
        history.end(look, at: UnixTime(seconds: second))
        history.confirm(until: UnixTime(seconds: second))
    }

    /// The network that a megaflow is for: each length of prefix has ports of its own.
    private static func network(_ index: Int) -> (length: Int, destinationPort: UInt16) {
        (lengths.lowerBound + index % lengths.count, firstPort + UInt16(index))
    }

    private static func lines(_ count: Int) -> [String] {
        let rest = ", packets:17, bytes:1717, used:0.417s, flags:SP., actions:"
        return (0..<count).flatMap { index in
            let (length, port) = network(index)
            let mask = IPAddress(v4: ~UInt32(truncatingIfNeeded: UInt64(UInt32.max) >> UInt64(length)))
            let packets = "in_port(tap0),eth_type(0x0800),ipv4(dst=10.0.0.0/\(mask),proto=6,frag=no),tcp(dst=\(port))"
            let end = index % 3 == 0 ? "drop" : "tap1"
            guard index % 2 == 1 else { return ["recirc_id(0),\(packets)\(rest)\(end)"] }
            return [
                "recirc_id(0),\(packets)\(rest)ct(zone=5),recirc(0x7)",
                "recirc_id(0x7),ct_state(+new-est+trk),\(packets)\(rest)\(end)",
            ]
        }.prefix(count).map(\.self)
    }

    private static func records(_ count: Int, _ megaflows: Int) -> [FlowRecord] {
        // Of every three lines two are of one that asks conntrack.
        let known = megaflows * 2 / 3 - 1
        return (0..<count).map { index in
            let key = FlowKey(
                port: port.number, direction: .egress, transport: TransportNumber.tcp,
                source: IPAddress(v4: 0x0A01_0000 + UInt32(index)), destination: "10.0.0.0",
                sourcePort: UInt16(truncatingIfNeeded: index), destinationPort: network(index % known).destinationPort)
            return FlowRecord(
                port: port, window: window, key: key, count: PacketCount(packets: 1, octets: 60),
                first: UnixTime(seconds: 1001), last: UnixTime(seconds: 1001), tcpControlBits: 2, tcpFlags: 2,
                sourceMAC: "02:00:00:00:00:01", destinationMAC: "02:00:00:00:00:02")
        }
    }
}
