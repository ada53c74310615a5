// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host
import PortDirectory
import Testing

@testable import QEMUProcesses

@Suite struct TapTableTests {
    private static func tap(
        _ name: String, index: UInt32 = 1, kind: String = "tun", owner: UInt32? = nil, group: UInt32? = nil
    ) -> InterfaceFacts {
        var facts = InterfaceFacts(
            interface: NetworkInterface(name: name, index: index), hardwareType: 1, flags: 0x11043)
        (facts.kind, facts.owner, facts.group) = (kind, owner, group)
        return facts
    }

    private static func process(
        _ arguments: String, started: UInt64 = 1, user: UInt32 = 0, groups: Set<UInt32> = [],
        held: [Int32: String] = [:]
    ) -> QEMUProcess {
        let words = ("qemu " + arguments).split(separator: " ")
        let bytes: [UInt8] = words.flatMap { word -> [UInt8] in Array(word.utf8) + [0] }
        return QEMUProcess(
            pid: Int32(started), started: started, credentials: .init(user: user, groups: groups),
            line: CommandLine(bytes), held: held)
    }

    private static func names(_ taps: [InterfaceFacts], _ processes: [QEMUProcess]) -> [String: String] {
        var table = TapTable()
        _ = table.take([.listed(taps)])
        return table.facts(processes).compactMapValues(\.identity.instanceName)
    }

    @Test func `the process that began last has the tap`() {
        let processes = [("old", 5), ("new", 9), ("older", 3)].map {
            Self.process("-name \($0.0) -nic tap,ifname=tap7", started: UInt64($0.1))
        }
        #expect(Self.names([Self.tap("tap7")], processes) == ["tap7": "new"])
    }

    @Test func `what the kernel says counts for more than a command line`() {
        let processes = [
            Self.process("-name held -nic tap,fd=5", started: 1, user: 99, held: [5: "tap7"]),
            Self.process("-name said -nic tap,ifname=tap7", started: 2),
            Self.process("-name unread -nic tap,fd=5", started: 3),
        ]
        #expect(Self.names([Self.tap("tap7")], processes) == ["tap7": "held"])
    }

    @Test func `a command line counts where its process may open the tap`() {
        let own = Self.process("-name own -nic tap,ifname=tap7", user: 1000, groups: [1000, 36])
        #expect(Self.names([Self.tap("tap7")], [own]) == [:])
        #expect(Self.names([Self.tap("tap7", owner: 1000)], [own]) == ["tap7": "own"])
        #expect(Self.names([Self.tap("tap7", owner: 1001)], [own]) == [:])
        #expect(Self.names([Self.tap("tap7", group: 36)], [own]) == ["tap7": "own"])
        #expect(Self.names([Self.tap("tap7", group: 37)], [own]) == [:])
        #expect(Self.names([Self.tap("tap7", owner: 1000, group: 37)], [own]) == [:])
        let root = Self.process("-name root -nic tap,ifname=tap7")
        #expect(Self.names([Self.tap("tap7", owner: 1001)], [root]) == ["tap7": "root"])
    }

    @Test func `a tap that Proxmox has plugged in later is known by its name`() {
        let machine = Self.process("-id 100 -name web -netdev tap,id=a,ifname=tap100i0")
        let taps = ["tap100i0", "tap100i1", "tap10i0", "tap100i", "tap0100i0", "xtap100i0"].enumerated().map {
            Self.tap($0.element, index: UInt32($0.offset))
        }
        #expect(Self.names(taps, [machine]) == ["tap100i0": "web", "tap100i1": "web"])
        var other = machine
        other.credentials.user = 1000
        #expect(Self.names(taps, [other]) == [:])
    }

    @Test func `only taps are named, by what they are called now, and nothing says that they are measured`() {
        var table = TapTable()
        func take(_ news: InterfaceFeed.News) -> Bool { table.take([news]) }
        let machine = Self.process("-uuid c0a8f00d-1111-4222-8333-0123456789ab -nic tap,ifname=tap7")
        #expect(take(.listed([Self.tap("tap7", kind: "veth")])))
        #expect(table.isEmpty && table.facts([machine]) == [:])
        #expect(!take(.changed(.present(Self.tap("eth0", index: 4, kind: "veth")))))
        #expect(take(.changed(.present(Self.tap("tap7", index: 3)))))
        let facts = table.facts([machine])["tap7"]
        #expect(facts?.identity == PortIdentity(instanceID: "c0a8f00d-1111-4222-8333-0123456789ab"))
        #expect(facts?.measuring == nil && facts?.way == nil)
        #expect(take(.changed(.present(Self.tap("tap8", index: 3)))))
        #expect(table.facts([machine]) == [:])
        #expect(take(.changed(.gone(index: 3, destination: nil))))
        #expect(!take(.changed(.gone(index: 3, destination: nil))))
        #expect(table.isEmpty)
    }

    @Test func `a machine that says nothing of itself is as if it were not there`() {
        var table = TapTable()
        _ = table.take([.listed([Self.tap("tap7")])])
        #expect(table.facts([Self.process("-nic tap,ifname=tap7")]) == [:])
    }
}
