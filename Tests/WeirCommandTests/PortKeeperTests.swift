// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import Host
import PortAttachment
import Testing

extension WeirCommandSuite {
    @Suite struct PortKeeperTests {
        /// The ports that are registered, by name, with their numbers.
        private static func ports(_ keeper: borrowing PortKeeper) throws -> [String] {
            try keeper.installation.attachedPorts().map { "\($0.name) \($0.number.rawValue)" }
        }

        /// All that has happened by now, carried out.
        private static func settle(_ keeper: inout PortKeeper) throws -> PortChanges {
            var changes = try keeper.follow()
            while keeper.hasWork {
                let more = try keeper.follow()
                changes.attached += more.attached
                changes.gone += more.gone
                changes.renamed += more.renamed
                changes.refused += more.refused
            }
            return changes
        }

        @Test func `what is there is attached, what comes is attached, what goes is closed`() throws {
            try KeeperSite.with { site in
                try site.add("tap1")
                var keeper = try site.keeper()
                #expect(try Self.ports(keeper) == ["tap1 1"])
                try site.add("tap2")
                try site.add("other")
                let come = try Self.settle(&keeper)
                #expect(come.attached.map(\.name) == ["tap2"] && come.refused == [])
                try site.delete("tap1")
                let gone = try Self.settle(&keeper)
                #expect(gone.gone.map(\.name) == ["tap1"] && gone.refused == [])
                #expect(try Self.ports(keeper) == ["tap2 2"])
                #expect(try site.pins.count == 2)
            }
        }

        @Test func `a name and an index that come back are a new port`() throws {
            try KeeperSite.with { site in
                try site.add("tap1", index: 77)
                var keeper = try site.keeper()
                try site.delete("tap1")
                try site.add("tap1", index: 77)
                let changes = try Self.settle(&keeper)
                #expect(changes.gone.map(\.number.rawValue) == [1])
                #expect(changes.attached.map { [$0.interfaceIndex, UInt32($0.number.rawValue)] } == [[77, 2]])
                #expect(try site.pins.count == 2)
            }
        }

        @Test func `a renamed port keeps its number, its programs and its links, whatever its name matches`() throws {
            try KeeperSite.with { site in
                try site.add("tap1")
                var keeper = try site.keeper()
                let pins = try site.pins
                for (old, new) in [("tap1", "tap2"), ("tap2", "other"), ("other", "tap3")] {
                    try site.rename(old, to: new)
                    let changes = try Self.settle(&keeper)
                    #expect(changes.renamed.map { [$0.port.name, $0.name] } == [[old, new]])
                    #expect(changes.attached == [] && changes.gone == [] && changes.refused == [])
                    #expect(try Self.ports(keeper) == ["\(new) 1"])
                }
                #expect(try site.pins == pins)
            }
        }

        @Test func `an interface that is given a matching name is attached then`() throws {
            try KeeperSite.with { site in
                try site.add("early")
                var keeper = try site.keeper()
                try site.rename("early", to: "tap1")
                #expect(try Self.settle(&keeper).attached.map(\.name) == ["tap1"])
            }
        }

        @Test func `an interface that moves to another namespace is left without programs`() throws {
            try KeeperSite.with { site in
                try site.add("tap1")
                var keeper = try site.keeper()
                try site.here.ip("link set tap1 netns \(site.there.name)")
                #expect(try Self.settle(&keeper).gone.map(\.name) == ["tap1"])
                #expect(try site.pins == [])
                #expect(try !site.there.run(["bpftool", "net", "show"]).contains("weir"))
                #expect(try keeper.installation.attachedPorts() == [])
            }
        }

        @Test func `one that comes back from there is a new port`() throws {
            try KeeperSite.with { site in
                try site.add("tap1")
                var keeper = try site.keeper()
                try site.here.ip("link set tap1 netns \(site.there.name)")
                _ = try Self.settle(&keeper)
                try site.there.ip("link set tap1 netns \(site.here.name)")
                #expect(try Self.settle(&keeper).attached.map(\.number.rawValue) == [2])
            }
        }

        @Test func `what an operator detaches stays detached until it comes anew`() throws {
            try KeeperSite.with { site in
                try site.add("tap1")
                var keeper = try site.keeper()
                try keeper.detachAll()
                try site.rename("tap1", to: "tap2")
                try site.here.bringUp("tap2")
                #expect(try Self.settle(&keeper) == PortChanges())
                try site.delete("tap2")
                try site.add("tap2")
                #expect(try Self.settle(&keeper).attached.map(\.name) == ["tap2"])
            }
        }

        @Test func `what is refused is refused once`() throws {
            try KeeperSite.with { site in
                var keeper = try site.keeper()
                try site.here.ip("tuntap add tap1 mode tun")
                #expect(
                    try Self.settle(&keeper).refused.map(\.description) == [
                        "cannot attach to tap1: its frames have no Ethernet header; measure a tap, veth, bridge port or NIC instead"
                    ])
                try site.here.bringUp("tap1")
                #expect(try Self.settle(&keeper) == PortChanges())
            }
        }

        /// While nobody follows, an interface moves away, and another takes its name and its index.
        @Test func `a keeper that is started anew knows what is still its port`() throws {
            try KeeperSite.with { site in
                try site.add("tap1", index: 77)
                try site.add("tap2")
                try site.add("tap3")
                _ = try site.keeper()
                try site.here.ip("link set tap1 netns \(site.there.name)")
                try site.add("tap1", index: 77)
                try site.rename("tap2", to: "tap4")
                try site.delete("tap3")
                let keeper = try site.keeper()
                #expect(try Set(keeper.installation.attachedPorts().map(\.name)) == ["tap4", "tap1"])
                #expect(try keeper.installation.attachedPorts().map(\.number).max() == PortNumber(4), "tap1 is new")
                #expect(try !site.there.run(["bpftool", "net", "show"]).contains("weir"))
                #expect(try site.pins.count == 4)
            }
        }

        @Test func `programs that somebody took away are attached again without an event`() throws {
            try KeeperSite.with { site in
                try site.add("tap1")
                var keeper = try site.keeper()
                #expect(try keeper.review() == PortChanges())
                let pins = try site.pins
                let to = try #require(pins.first { $0.hasSuffix("/to") })
                try ChildProcess.run(["bpftool", "link", "detach", "pinned", to])
                let mended = try keeper.review().mended
                #expect(mended.map(\.finding.faults) == [[.toDetached]])
                #expect(
                    mended.first?.text.contains("tap1: the program on the to side was detached; Weir attached it again")
                        == true)
                #expect(try keeper.review() == PortChanges())
                #expect(try Self.ports(keeper) == ["tap1 1"] && Set(site.pins) == Set(pins))
            }
        }

        @Test func `what an operator detaches is not attached again`() throws {
            try KeeperSite.with { site in
                try site.add("tap1")
                var keeper = try site.keeper()
                let port = try #require(try keeper.installation.attachedPorts().first)
                try keeper.installation.detach(port)
                #expect(try keeper.review() == PortChanges())
                #expect(try Self.ports(keeper) == [])
            }
        }

        /// A socket with the least room that the kernel gives, and more events than it holds.
        @Test func `what the kernel could not keep is made up for by a new list`() throws {
            try KeeperSite.with { site in
                try site.add("tap1", index: 77)
                try site.add("tap2")
                try site.add("tap3")
                var keeper = try site.keeper(room: 1)
                let number = try #require(
                    try keeper.installation.attachedPorts().first { $0.name == "tap2" }?.number.rawValue)
                for other in 0..<20 { try site.add("other\(other)") }
                try site.delete("tap1")
                try site.add("tap1", index: 77)
                try site.rename("tap2", to: "renamed")
                try site.delete("tap3")
                try site.add("tap4")
                #expect(try keeper.follow().hasLostEvents)
                let changes = try Self.settle(&keeper)
                // Nobody has seen that tap1 is another interface.
                #expect(changes.replaced.map(\.name) == ["tap1"] && changes.gone.map(\.name) == ["tap3"])
                #expect(changes.renamed.map { [$0.port.name, $0.name] } == [["tap2", "renamed"]])
                #expect(Set(changes.attached.map(\.name)) == ["tap1", "tap4"])
                #expect(try Self.ports(keeper).contains("renamed \(number)"))
                #expect(try site.pins.count == 6)
            }
        }
    }
}
