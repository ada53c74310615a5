// SPDX-License-Identifier: Apache-2.0

import FlowModel
import PortDirectory
import Synchronization
import Testing

@Suite struct MergedDirectoryTests {
    private static let address = MACAddress("02:00:00:00:00:0a")

    private static func board(_ name: String, _ listing: PortListing) -> ListingBoard {
        let board = ListingBoard(name)
        board.take(listing)
        return board
    }

    private static func identity(_ interface: String?, _ instance: String? = nil) -> PortIdentity {
        PortIdentity(interfaceID: interface, instanceID: instance)
    }

    @Test func `each fact is that of the first directory that has it`() {
        let merged = MergedDirectory([
            Self.board("rules", ["tap0": PortFacts(identity: Self.identity("eni-1"), measuring: .never)]),
            Self.board(
                "switch",
                [
                    "tap0": PortFacts(
                        identity: Self.identity("other", "i-1"), tags: ["web"], measuring: .whileListed,
                        way: .afxdp(.any), isOpening: true),
                    "tap1": PortFacts(measuring: .whileListed, way: .kernel),
                ]),
            Self.board(
                "machines",
                [
                    "tap0": PortFacts(
                        identity: PortIdentity(
                            instanceID: "other", region: "r-1", instanceName: "web 1", projectID: "p",
                            projectName: "shop"), address: Self.address,
                        tags: ["other"], way: .kernel)
                ]),
        ])
        #expect(
            merged.listing?.facts(of: "tap0")
                == PortFacts(
                    identity: PortIdentity(
                        interfaceID: "eni-1", instanceID: "i-1", region: "r-1", instanceName: "web 1", projectID: "p",
                        projectName: "shop"),
                    address: Self.address, tags: ["web"], measuring: .never, way: .afxdp(.any), isOpening: true))
        #expect(merged.listing?.facts(of: "tap1") == PortFacts(measuring: .whileListed, way: .kernel))
        #expect(merged.listing?.facts(of: "tap2") == nil)
        #expect(merged.name == "rules or switch or machines")
    }

    @Test func `whether the switch is about to open an interface goes with the way that it opens it`() {
        let first = PortFacts(way: .kernel)
        let second = PortFacts(way: .afxdp(.any), isOpening: true)
        #expect(first.completed(by: second) == first)
        #expect(second.completed(by: first) == second)
        #expect(PortFacts().completed(by: second) == second)
    }

    @Test func `it is complete when all have said something, and says before what is known`() {
        let late = ListingBoard("late")
        let merged = MergedDirectory([late, Self.board("early", ["tap0": PortFacts(tags: ["web"])])])
        #expect(merged.listing?.isComplete == false)
        #expect(merged.listing?.facts(of: "tap0")?.tags == ["web"])
        late.take(["tap0": PortFacts(tags: ["mail"])])
        #expect(merged.listing?.isComplete == true)
        #expect(merged.listing?.facts(of: "tap0")?.tags == ["mail"])
    }

    @Test func `nothing is said until one has, and never by none`() {
        let one = ListingBoard("one")
        let merged = MergedDirectory([one, ListingBoard("other")])
        #expect(merged.listing == nil)
        one.take([:])
        #expect(merged.listing?.isComplete == false)
        #expect(MergedDirectory([]).listing == nil && MergedDirectory([]).isEmpty)
    }

    @Test func `news of each comes once, and rings`() {
        let directories = [ListingBoard("a"), ListingBoard("b")]
        let merged = MergedDirectory(directories)
        let rung = Mutex(0)
        merged.onChange { rung.withLock { $0 += 1 } }
        var version = merged.version
        let before = merged.news(since: &version)
        #expect(before == nil)
        for directory in directories {
            directory.take(["tap0": PortFacts(tags: [directory.name])])
            let news = merged.news(since: &version)
            let again = merged.news(since: &version)
            #expect(news?.facts(of: "tap0")?.tags == merged.listing?.facts(of: "tap0")?.tags && again == nil)
        }
        #expect(rung.withLock(\.self) == 2)
    }
}
