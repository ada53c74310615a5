// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit

/// A flow as a line of AWS's default format names it.
struct LoggedFlow: Hashable {
    var port: String
    var source: String
    var destination: String
    var transport: UInt8
    var sourcePort: UInt16 = 0
    var destinationPort: UInt16 = 0
}

/// Traffic whose every packet is known by the sender's own arithmetic.
struct Traffic {
    /// What both ports of the site must have in their records.
    private(set) var expected: [LoggedFlow: PacketCount] = [:]

    /// Four pings of each IP version from the left guest to the right, which answers: 84 and 104 octets each.
    mutating func ping(_ site: Site, count: Int = 4) throws {
        for (left, right) in Site.addresses {
            try site.left.run(["ping", "-q", "-c", "\(count)", "-i", "0.01", "-W", "5", "\(right)"])
            let isV4 = left.version == .v4
            for (source, destination) in [(left, right), (right, left)] {
                add(
                    source, destination, transport: isV4 ? 1 : 58,
                    count: PacketCount(packets: UInt64(count), octets: UInt64(count) * (isV4 ? 84 : 104)))
            }
        }
    }

    /// Pings of IPv4 from the left guest, one after the other, until the right answers one. All of them are sent; whether the
    /// others arrive, only the right guest's port knows.
    mutating func pingUntilAnswered(_ site: Site) throws {
        let (left, right) = Site.addresses[0]
        var sent: UInt64 = 0
        try waitUntil("a ping is answered") {
            sent += 1
            return try site.left.outcome(of: ["ping", "-q", "-c", "1", "-W", "1", "\(right)"]).succeeded
        }
        add(left, right, transport: 1, count: PacketCount(packets: sent, octets: sent * 84))
        add(right, left, transport: 1, count: PacketCount(packets: 1, octets: 84))
    }

    /// Starts that many pings of IPv4 from the left guest at 3 ms, all of which are expected to be answered.
    mutating func startPings(_ site: Site, count: Int) throws -> ChildProcess {
        let (left, right) = Site.addresses[0]
        for (source, destination) in [(left, right), (right, left)] {
            add(
                source, destination, transport: 1,
                count: PacketCount(packets: UInt64(count), octets: UInt64(count) * 84))
        }
        return try site.left.start(["ping", "-q", "-c", "\(count)", "-i", "0.003", "-W", "2", "\(right)"])
    }

    /// Datagrams of that many bytes from the left guest to an address behind the right one, where nobody answers.
    mutating func send(
        _ site: Site, datagrams count: Int, of size: Int, from sourcePort: UInt16 = 4000,
        to destinationPort: UInt16 = 53
    ) throws {
        let injector = try FrameInjector(on: "eth0", in: site.left)
        let ethernet = Layer.ethernet(
            from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0"))
        let udp = [Layer.udp(from: sourcePort, to: destinationPort), .payload(size)]
        let v4 = Frame([ethernet, .ipv4(from: "10.9.0.1", to: "10.9.7.7")] + udp)
        let v6 = Frame([ethernet, .ipv6(from: "fd09::1", to: "fd09:7::7")] + udp)
        for _ in 0..<count {
            try injector.send(v4.bytes)
            try injector.send(v6.bytes)
        }
        for (source, destination, header) in [("10.9.0.1", "10.9.7.7", 20), ("fd09::1", "fd09:7::7", 40)]
            as [(IPAddress, IPAddress, Int)]
        {
            add(
                source, destination, transport: 17, sourcePort, destinationPort,
                count: PacketCount(packets: UInt64(count), octets: UInt64(count * (header + 8 + size))))
        }
    }

    private mutating func add(
        _ source: IPAddress, _ destination: IPAddress, transport: UInt8, _ sourcePort: UInt16 = 0,
        _ destinationPort: UInt16 = 0, count: PacketCount
    ) {
        for port in ["port-a", "port-b"] {
            let flow = LoggedFlow(
                port: port, source: "\(source)", destination: "\(destination)", transport: transport,
                sourcePort: sourcePort, destinationPort: destinationPort)
            expected[flow, default: .zero] += count
        }
    }

    func expected(of port: String) -> [LoggedFlow: PacketCount] { expected.filter { $0.key.port == port } }
}
