// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import Testing

/// Connections of the left guest to the right one through a switch that has three access lists: one without state, one by
/// conntrack, and none (NORMAL). Of each connection it is known which rule it meets.
struct AccessListTraffic {
    /// Connections that meet one rule: to 64 ports from that on.
    struct Group {
        let firstPort: UInt16
        let isAccepted: Bool
        let rule: String
    }

    struct Connection: Hashable {
        let sourcePort: UInt16
        let destinationPort: UInt16
    }

    static let groups = [
        Group(firstPort: 1024, isAccepted: true, rule: "bridge=br0,table=0,priority=100,cookie=0x11"),
        Group(firstPort: 1088, isAccepted: false, rule: "bridge=br0,table=0,priority=100,cookie=0x12"),
        Group(firstPort: 2048, isAccepted: true, rule: "bridge=br0,table=1,priority=10,cookie=0x23"),
        Group(firstPort: 2112, isAccepted: false, rule: "bridge=br0,table=1,priority=1,cookie=0x24"),
        Group(firstPort: 4096, isAccepted: true, rule: "bridge=br0,table=0,priority=0,cookie=0x9"),
    ]

    static let rules = """
        table=0,cookie=0x11,priority=100,tcp,tp_dst=0x400/0xffc0,actions=normal
        table=0,cookie=0x12,priority=100,tcp,tp_dst=0x440/0xffc0,actions=drop
        table=0,cookie=0x20,priority=60,tcp,tp_dst=0x800/0xff80,actions=ct(table=1)
        table=0,cookie=0x21,priority=60,tcp,tp_src=0x800/0xff80,actions=ct(table=1)
        table=1,cookie=0x22,priority=20,ct_state=+trk+est,actions=normal
        table=1,cookie=0x23,priority=10,ct_state=+trk+new,tcp,tp_dst=0x800/0xffc0,actions=ct(commit),normal
        table=1,cookie=0x24,priority=1,actions=drop
        table=0,cookie=0x9,priority=0,actions=normal

        """

    /// What became of each connection, by the script.
    let expected: [Connection: Group]
    /// Those that reach the right guest, by a capture there.
    let arrived: Set<Connection>
    /// Those that a program of the right guest has accepted.
    let served: Set<Connection>
    /// Those that were whole connections.
    let whole: Set<Connection>

    private static let ends: (left: IPAddress, right: IPAddress) = Site.addresses[0]

    /// Makes as many connections of each group; every second is a single SYN, to a port where nobody listens. Of the others
    /// those that are refused send theirs three times.
    init(_ site: Site, ofEach count: Int) throws {
        let witness = try CaptureWitness(
            on: "eth0", in: site.right, direction: .received, filter: "tcp[tcpflags] == tcp-syn", longest: 128)
        let server = try Self.serve(site)
        let injector = try FrameInjector(on: "eth0", in: site.left)
        let link = Layer.ethernet(
            from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0"))
        var expected: [Connection: Group] = [:]
        var whole: Set<Connection> = []
        for (place, group) in Self.groups.enumerated() {
            for number in 0..<count {
                let isSingle = number % 2 == 1
                let connection = Connection(
                    sourcePort: UInt16(20_000 + place * 1000 + number),
                    destinationPort: group.firstPort + UInt16(number % 30) + (isSingle ? 32 : 0))
                expected[connection] = group
                if !isSingle, group.isAccepted {
                    whole.insert(connection)
                    continue
                }
                let frame = Frame([
                    link, .ipv4(from: Self.ends.left, to: Self.ends.right),
                    .tcp(from: connection.sourcePort, to: connection.destinationPort, flags: [.syn]),
                ])
                for _ in 0..<(isSingle ? 1 : 3) { try injector.send(frame.bytes) }
            }
        }
        try Self.connect(site, whole)
        self.expected = expected
        self.whole = whole
        served = Self.connections(server.stop(SIGTERM, grace: .seconds(20)).output)
        let singles = expected.filter { $0.value.isAccepted }.count
        try witness.wait(for: singles)
        arrived = Set(try witness.stop().compactMap(Self.connection))
    }

    private static func connection(_ frame: [UInt8]) -> Connection? {
        guard frame.count >= 38 else { return nil }
        func port(_ at: Int) -> UInt16 { UInt16(frame[at]) << 8 | UInt16(frame[at + 1]) }
        return Connection(sourcePort: port(34), destinationPort: port(36))
    }

    private static func connections(_ text: String) -> Set<Connection> {
        Set(
            text.split(separator: "\n").compactMap { line in
                let numbers = line.split(separator: " ").compactMap { UInt16($0) }
                return numbers.count == 2 ? Connection(sourcePort: numbers[0], destinationPort: numbers[1]) : nil
            })
    }

    private static func serve(_ site: Site) throws -> ChildProcess {
        let first = groups.filter(\.isAccepted).map { "\($0.firstPort)" }
        let server = try site.right.start(["python3", "-c", serverProgram, "\(ends.right)"] + first)
        try waitUntil("the server listens: \(server.errors)") { server.output.contains("ready") }
        return server
    }

    private static func connect(_ site: Site, _ connections: Set<Connection>) throws {
        let words = connections.map { "\($0.sourcePort):\($0.destinationPort)" }
        try site.left.run(["python3", "-c", clientProgram, "\(ends.left)", "\(ends.right)"] + words)
    }

    /// Answers whoever says something, and prints both ports of each connection.
    private static let serverProgram = """
        import selectors, signal, socket, sys
        chosen = selectors.DefaultSelector()
        def leave(*_):
            raise SystemExit
        signal.signal(signal.SIGTERM, leave)
        for first in map(int, sys.argv[2:]):
            for port in range(first, first + 30):
                listener = socket.create_server((sys.argv[1], port), backlog=64)
                chosen.register(listener, selectors.EVENT_READ)
        print("ready", flush=True)
        while True:
            for key, _ in chosen.select():
                connection, peer = key.fileobj.accept()
                connection.settimeout(10)
                connection.sendall(connection.recv(16))
                print(peer[1], key.fileobj.getsockname()[1], flush=True)
                connection.close()
        """

    private static let clientProgram = """
        import socket, sys
        for ends in sys.argv[3:]:
            source, destination = map(int, ends.split(":"))
            connection = socket.create_connection(
                (sys.argv[2], destination), timeout=20, source_address=(sys.argv[1], source))
            connection.sendall(b"hello")
            assert connection.recv(16) == b"hello"
            connection.close()
        """
}
