// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import FlowVerdict
internal import Foundation
import Host
import Testing

extension RealInterfaces {
    /// Interfaces that come, move, get other names and go: every frame is in its own port's record or in none, never in another's.
    ///
    /// Programs know a port by the index of its interface, which is unique in one network namespace and comes back.
    @Suite struct ChurnSuite {
        fileprivate let world: NetworkNamespace
        fileprivate let namespaces: [NetworkNamespace]
        fileprivate let installation: TemporaryInstallation

        init() throws {
            world = try NetworkNamespace("world")
            namespaces = try (0..<3).map { try NetworkNamespace("n\($0)") }
            installation = try TemporaryInstallation()
        }

        /// One end of a pair in a namespace, the other in the world.
        fileprivate func add(_ name: String, index: UInt32, in namespace: NetworkNamespace) throws {
            try namespace.ip(
                "link add \(name) index \(index) numrxqueues 1 numtxqueues 1 type veth peer name \(peer(name)) "
                    + "numrxqueues 1 numtxqueues 1 netns \(world.name)")
            try namespace.bringUp(name)
            try world.bringUp(peer(name))
        }

        fileprivate func peer(_ name: String) -> String { "to-\(name)" }

        /// Sends datagrams to a port of their own from the other end.
        fileprivate func send(_ count: Int, to name: String, _ port: UInt16) throws {
            let injector = try FrameInjector(on: peer(name), in: world)
            let frame = Frame(.ethernet(), .ipv4(), .udp(from: 1, to: port), .payload(10)).bytes
            for _ in 0..<count { try injector.send(frame) }
        }

        /// Datagrams that the port has recorded, by their destination port; all of them are flows.
        fileprivate func recorded(_ port: RegisteredPort) throws -> [UInt16: UInt64] {
            recorded(port, in: try installation.installation.tables.snapshot())
        }

        fileprivate func recorded(_ port: RegisteredPort, in snapshot: FlowSnapshot) -> [UInt16: UInt64] {
            let flows = snapshot.flows.filter { $0.key.port == port.number }
            let packets = flows.reduce(0) { $0 + $1.value.count.packets }
            #expect(snapshot.totals[port.number]?.both.seen.packets == packets, "\(port.name)")
            return flows.reduce(into: [:]) { $0[$1.key.destinationPort, default: 0] += $1.value.count.packets }
        }

        @Test func `interfaces of one index in three namespaces are three ports`() throws {
            var ports: [RegisteredPort] = []
            for (place, namespace) in namespaces.enumerated() {
                try add("m\(place)", index: 5000, in: namespace)
                ports.append(try installation.attach("m\(place)", in: namespace))
            }
            for place in namespaces.indices { try send(place + 1, to: "m\(place)", UInt16(1000 + place)) }
            for (place, port) in ports.enumerated() {
                #expect(try recorded(port) == [UInt16(1000 + place): UInt64(place + 1)])
            }
        }

        /// Two namespaces' programs run on it then: that of the one that it came from has its old link.
        @Test(arguments: Way.allCases)
        func `an interface that moves is not taken for the one that has its index where it came from`(_ way: Way) throws
        {
            let (home, away) = (namespaces[0], namespaces[1])
            try add("moving", index: 5000, in: home)
            try add("staying", index: 5000, in: away)
            let moving = try installation.attach("moving", in: home, way.options)
            try send(2, to: "moving", 1000)
            try home.ip("link set moving netns \(away.name)")
            try away.bringUp("moving")
            let index = UInt32(try away.index(of: "moving"))
            #expect(index != 5000)
            // Nobody has heard of the move: its port is still there.
            try send(3, to: "moving", 1001)
            #expect(try recorded(moving) == [1000: 2])

            try add("other", index: index, in: home)
            let other = try installation.attach("other", in: home, way.options)
            try send(4, to: "moving", 1002)
            try send(5, to: "other", 1003)
            try send(6, to: "moving", 1004)
            #expect(try recorded(other) == [1003: 5])
            #expect(try recorded(moving) == [1000: 2])

            // Where XDP programs run, no second one can.
            guard way.options.hook == .tc else { return }
            let again = try installation.attach("moving", in: away)
            try send(7, to: "moving", 1005)
            #expect(try recorded(again) == [1005: 7])
            #expect(try recorded(moving) == [1000: 2] && recorded(other) == [1003: 5])
        }

        @Test func `an index that comes back is the new interface's`() throws {
            try add("m0", index: 5000, in: namespaces[0])
            let first = try installation.attach("m0", in: namespaces[0])
            try send(2, to: "m0", 1000)
            try namespaces[0].delete("m0")
            try add("m1", index: 5000, in: namespaces[0])
            try send(3, to: "m1", 1001)
            let second = try installation.attach("m1", in: namespaces[0])
            try send(4, to: "m1", 1002)
            #expect(try recorded(first) == [1000: 2] && recorded(second) == [1002: 4])
        }

        @Test(arguments: Way.allCases)
        func `indices above those of the array are looked up, too`(_ way: Way) throws {
            var ports: [RegisteredPort] = []
            for (place, index) in [65_535, 65_536, 2_000_000_000 as UInt32].enumerated() {
                try add("m\(place)", index: index, in: namespaces[0])
                ports.append(try installation.attach("m\(place)", in: namespaces[0], way.options))
                try send(place + 1, to: "m\(place)", 1000)
            }
            for (place, port) in ports.enumerated() { #expect(try recorded(port) == [1000: UInt64(place + 1)]) }
            try installation.detach(ports[2])
            try send(9, to: "m2", 1001)
            #expect(try recorded(ports[2]) == [1000: 3])
        }

        /// A daemon that knows what the namespace's ports shared before another process detached the last of them.
        @Test func `what another process has made anew is found`() throws {
            try add("m0", index: 5000, in: namespaces[0])
            try installation.detach(try installation.attach("m0", in: namespaces[0]))
            let other = try Installation.openOrCreate(installation.directory, TableRequest())
            let port = try namespaces[0].inside { try other.attach("m0", AttachOptions(hook: .tc)) }
            try send(2, to: "m0", 1000)
            let policy = KernelPolicy(rules: [.plain(.deny, .egress, number: 1, to: 1001, priority: 1)])
            let audited = [port.number: PortPolicy(set: 1, mode: .audit)]
            try installation.load(policy, audited, in: namespaces[0])
            try send(3, to: "m0", 1001)
            #expect(try recorded(port) == [1000: 2, 1001: 3])
            try add("m1", index: 5001, in: namespaces[0])
            let second = try installation.attach("m1", in: namespaces[0])
            try namespaces[0].inside { try other.removePolicy() }
            try send(4, to: "m0", 1002)
            try send(5, to: "m1", 1003)
            #expect(try recorded(port) == [1000: 2, 1001: 3, 1002: 4] && recorded(second) == [1003: 5])
        }

        /// Programs that are put in the place of others go by a table that has all ports.
        @Test func `a table that was removed is made again with all ports`() throws {
            for place in 0..<2 { try add("m\(place)", index: UInt32(5000 + place), in: namespaces[0]) }
            let ports = try (0..<2).map { try installation.attach("m\($0)", in: namespaces[0]) }
            try ChildProcess.run(["sh", "-c", "rm \(installation.directory.layout)/weir_interfaces-*"])
            let other = try Installation.openOrCreate(installation.directory, TableRequest())
            try add("m2", index: 5002, in: namespaces[0])
            let third = try namespaces[0].inside { try other.attach("m2", AttachOptions(hook: .tc)) }
            for place in 0..<3 { try send(place + 1, to: "m\(place)", 1000) }
            for (place, port) in (ports + [third]).enumerated() {
                #expect(try recorded(port) == [1000: UInt64(place + 1)])
            }
        }

        /// With the last port of a namespace what its ports shared is removed.
        @Test func `nothing is left of a namespace without ports`() throws {
            func shared() throws -> [String] {
                try ChildProcess.run(["find", installation.directory.layout, "-name", "*-*", "-type", "f"])
                    .split(separator: "\n").map(String.init)
            }
            for (place, namespace) in namespaces.prefix(2).enumerated() {
                try add("m\(place)", index: 5000, in: namespace)
            }
            let ports = try namespaces.prefix(2).enumerated().map { try installation.attach("m\($0)", in: $1) }
            let both = try shared()
            try installation.detach(ports[0])
            #expect(try shared().count == both.count / 2 && !both.isEmpty)
            try send(1, to: "m1", 1000)
            #expect(try recorded(ports[1]) == [1000: 1])
            try installation.detach(ports[1])
            #expect(try shared().isEmpty)
        }
    }
}

extension RealInterfaces.ChurnSuite {
    /// An interface of the churn, and what its port must have recorded.
    private struct Guest {
        let name: String
        let home: Int
        let port: RegisteredPort
        /// What is sent to it has this destination, which nothing else has.
        let destination: UInt16
        var expected: UInt64 = 0
        var isCounted = true
    }

    private static let rounds = 14
    private static let guestsEach = 24
    private static let firstIndex = 7000

    @Test func `a thousand interfaces come, move, get names and go while others work`() throws {
        // Interfaces come and go by grace periods, too.
        let hurry = ExpeditedGracePeriods.begin(for: Self.guestsEach)
        try add("steady", index: 6000, in: namespaces[0])
        let steady = try installation.attach("steady", in: namespaces[0])
        try CountingSender.prepare("to-steady", in: world)
        let sender = try CountingSender(on: 1, in: world)
        var count = 0
        for round in 0..<Self.rounds { count += try churn(round) }
        let sent = try sender.stop()
        #expect(count == Self.rounds * namespaces.count * Self.guestsEach && count > 1000)
        try waitUntil("all has arrived") { try recorded(steady).values.reduce(0, +) == sent.values.reduce(0, +) }
        #expect(try recorded(steady) == sent)
        _ = consume hurry
    }

    /// Returns how many interfaces came.
    private func churn(_ round: Int) throws -> Int {
        var guests = try namespaces.indices.flatMap { try come(round, $0) }
        for place in guests.indices { try send(2, to: &guests[place]) }
        for home in namespaces.indices { try change(&guests, of: home) }
        for place in guests.indices where place % 3 != 2 { try send(3, to: &guests[place]) }
        // What was sent last may be on its way.
        let (destinations, sent) = (Set(guests.map(\.destination)), guests.reduce(0) { $0 + $1.expected })
        try waitUntil("all has arrived") {
            let flows = try installation.installation.tables.snapshot().flows
            return flows.reduce(0) { destinations.contains($1.key.destinationPort) ? $0 + $1.value.count.packets : $0 }
                >= sent
        }
        let snapshot = try installation.installation.tables.snapshot()
        for guest in guests {
            #expect(recorded(guest.port, in: snapshot) == [guest.destination: guest.expected], "\(guest.name)")
        }
        // Those that are left go with their other ends.
        try world.run(["ip", "link", "delete", "group", "7"])
        for namespace in namespaces { _ = try namespace.inside { try installation.installation.closeDeadPorts() } }
        return guests.count
    }

    /// Of three interfaces of a namespace one gets another name, one moves to the next namespace, and one goes.
    private func change(_ guests: inout [Guest], of home: Int) throws {
        let away = namespaces[(home + 1) % namespaces.count]
        let own = guests.indices.filter { guests[$0].home == home }
        let lines = own.map { place in
            let name = guests[place].name
            return switch place % 3 {
            case 0: "link set \(name) down\nlink set \(name) name r\(name)\nlink set r\(name) up\n"
            case 1: "link set \(name) netns \(away.name)\n"
            default: "link delete \(name)\n"
            }
        }
        try batch(lines, in: namespaces[home])
        let moved = own.filter { $0 % 3 == 1 }
        try batch(moved.map { "link set \(guests[$0].name) up\n" }, in: away)
        let indices = try indices(in: away)
        for place in moved {
            // Where its index is free there, it keeps it, and goes on being the same port until that is closed.
            guests[place].isCounted = try #require(indices[guests[place].name]) == guests[place].port.interfaceIndex
        }
    }

    /// The indices of all interfaces, by their names.
    private func indices(in namespace: NetworkNamespace) throws -> [String: UInt32] {
        try namespace.ip("-o link show").split(separator: "\n").reduce(into: [:]) { indices, line in
            // "7001: m0-0-1@if9: <…"
            let words = line.split(separator: " ")
            guard words.count > 1, let index = UInt32(words[0].dropLast()) else { return }
            indices[String(words[1].prefix { $0 != "@" && $0 != ":" })] = index
        }
    }

    private func come(_ round: Int, _ home: Int) throws -> [Guest] {
        let names = (0..<Self.guestsEach).map { "m\(round)-\(home)-\($0)" }
        let lines = names.enumerated().map { place, name in
            """
            link add \(name) index \(Self.firstIndex + place) numrxqueues 1 numtxqueues 1 type veth peer name to-\(name) \
            numrxqueues 1 numtxqueues 1 group 7 netns \(world.name)
            link set \(name) up

            """
        }
        try batch(lines, in: namespaces[home])
        try batch(names.map { "link set to-\($0) group 7 up\n" }, in: world)
        let outcomes = try namespaces[home].inside {
            let requests = try names.map { AttachRequest(try NetworkInterface.named($0), AttachOptions()) }
            return try installation.installation.attach(requests)
        }
        return try zip(names, outcomes).enumerated().map { place, attached in
            guard case .attached(let port) = attached.1 else { throw NotAttached(outcome: attached.1) }
            let destination = 1000 + (round * namespaces.count + home) * Self.guestsEach + place
            return Guest(name: attached.0, home: home, port: port, destination: UInt16(destination))
        }
    }

    private struct NotAttached: Error { let outcome: AttachOutcome }

    private func batch(_ lines: [String], in namespace: NetworkNamespace) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(lines.joined().utf8).write(to: file)
        try namespace.run(["ip", "-batch", file.path])
    }

    private func send(_ count: Int, to guest: inout Guest) throws {
        try send(count, to: guest.name, guest.destination)
        if guest.isCounted { guest.expected += UInt64(count) }
    }
}
