// SPDX-License-Identifier: Apache-2.0

import FlowModel
import OpenVSwitch
import PortDirectory
import Synchronization
import Testing

/// The switch as a directory of interfaces.
@Suite struct SwitchDirectoryTests {
    private static let ports = SwitchPorts(
        bridges: ["br0", "br1"],
        ports: [
            SwitchPort(name: "a", bridge: "br0", externalIDs: ["attached-mac": "02:00:00:00:00:0a"]),
            SwitchPort(name: "b", bridge: "br1", externalIDs: ["iface-id": "x"]),
            SwitchPort(name: "c", bridge: "br0", type: "afxdp", externalIDs: ["iface-id": "y"]),
            SwitchPort(name: "d", bridge: "br0", type: "afxdp", number: 4),
            SwitchPort(name: "br0", bridge: "br0", type: "internal", externalIDs: ["iface-id": "z"]),
        ])

    private static func board() -> SwitchBoard {
        var choice = SwitchChoice()
        choice.bridges = ["br0"]
        return SwitchBoard(choice)
    }

    private static func identity(_ id: String) -> PortIdentity { PortIdentity(interfaceID: id, instanceID: id) }

    @Test func `guests of the bridges that are asked for are to be measured, and all ports have identities`() {
        let board = Self.board()
        board.take(Self.ports)
        let facts = { board.directory.listing?.facts(of: $0) }
        #expect(
            facts("a")
                == PortFacts(
                    address: MACAddress("02:00:00:00:00:0a"), measuring: .whileListedIfVirtual, way: .kernel))
        #expect(facts("b") == PortFacts(identity: Self.identity("x"), way: .kernel))
        #expect(
            facts("c")
                == PortFacts(
                    identity: Self.identity("y"), measuring: .whileListed, way: .afxdp(.any), isOpening: true)
        )
        #expect(facts("d") == PortFacts(measuring: .whileListedIfVirtual, way: .afxdp(.any)))
        #expect(facts("br0") == PortFacts(identity: Self.identity("z")))
        #expect(facts("e") == nil)
    }

    @Test func `it says nothing until the switch has, tells all who listen, and keeps what it said`() {
        let board = Self.board()
        let heard = Mutex([0, 0])
        for listener in 0..<2 { board.directory.onChange { heard.withLock { $0[listener] += 1 } } }
        var version = 0
        let before = board.directory.news(since: &version)
        #expect(board.directory.listing == nil && before == nil)
        board.take(Self.ports)
        let news = board.directory.news(since: &version)
        let again = board.directory.news(since: &version)
        #expect(news?.facts(of: "c") != nil && again == nil)
        _ = board.fail(.closed)
        let later = board.directory.news(since: &version)
        #expect(board.directory.listing?.facts(of: "c") != nil && later == nil)
        #expect(heard.withLock(\.self) == [1, 1])
    }
}
