// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

/// The memory of first fragments is each port's own.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct FragmentShareSuite {
    private static func first(_ number: Int, _ version: IPVersion) -> [UInt8] {
        let port = UInt16(1000 + number)
        return version == .v4
            ? Frame(
                .ethernet(), .ipv4(id: UInt16(number), moreFragments: true), .udp(from: port, to: 53), .payload(8)
            ).bytes
            : Frame(
                .ethernet(), .ipv6(), .fragment(more: true, id: UInt32(number)), .udp(from: port, to: 53), .payload(8)
            ).bytes
    }

    private static func second(_ number: Int, _ version: IPVersion) -> [UInt8] {
        version == .v4
            ? Frame(
                .ethernet(), .ipv4(id: UInt16(number), fragmentOffset: 16, protocol: TransportNumber.udp), .payload(8)
            ).bytes
            : Frame(
                .ethernet(), .ipv6(), .fragment(offset: 16, id: UInt32(number), next: TransportNumber.udp), .payload(8)
            ).bytes
    }

    @Test(arguments: ProgramKind.ofNetworkHooks, FlowEngine.allCases)
    func `a flood of fragments at one port costs another port none`(_ kind: ProgramKind, _ engine: FlowEngine) throws {
        let request = TableRequest(engine: engine, flowBudget: 16_384, portShare: 1)
        let tables = try FlowTables.create(try request.geometry())
        let quiet = try tables.maps.addWithoutInterface(PortNumber(1), role: .guest)
        let loud = try tables.maps.addWithoutInterface(PortNumber(2), role: .guest)
        let program = try tables.load(kind, for: quiet)
        let flooded = try tables.load(kind, for: loud)
        for version in [IPVersion.v4, .v6] {
            for number in 0..<100 { _ = try program.run(on: Self.first(number, version)) }
            for number in 0..<4000 { _ = try flooded.run(on: Self.first(number, version)) }
            for number in 0..<100 { _ = try program.run(on: Self.second(number, version)) }
        }
        let snapshot = try tables.snapshot()
        let flows = snapshot.flows.filter { $0.key.port == quiet.number }
        #expect(flows.count == 200 && flows.allSatisfy { $0.value.count.packets == 2 && $0.key.destinationPort == 53 })
        let totals = try #require(snapshot.totals[quiet.number]?.both)
        #expect(totals.fragmentWithoutFlow.isZero && totals.ip.packets == 400)
    }

    /// What is sent to a machine leaves what it sends alone, and the other way round.
    @Test(arguments: FlowEngine.allCases)
    func `a flood of fragments to a machine costs those that it sends nothing`(_ engine: FlowEngine) throws {
        let tables = try FlowTables.create(
            try TableRequest(engine: engine, flowBudget: 16_384, portShare: 1).geometry())
        let port = try tables.maps.addWithoutInterface(PortNumber(1), role: .guest)
        let from = try tables.load(.tcFromPort, for: port)
        let to = try tables.load(.tcToPort, for: port)
        for number in 0..<100 { _ = try from.run(on: Self.first(number, .v4)) }
        for number in 0..<4000 { _ = try to.run(on: Self.first(number, .v4)) }
        for number in 0..<100 { _ = try from.run(on: Self.second(number, .v4)) }
        let sent = try tables.snapshot().flows.filter { $0.key.direction == .egress }
        #expect(sent.count == 100 && sent.allSatisfy { $0.value.count.packets == 2 })
    }

    /// Of one port's own flood the newest datagrams are remembered.
    @Test func `of more datagrams than there are places those that began last are known`() throws {
        let tables = try FlowTables.create(try TableRequest(flowBudget: 16_384, portShare: 1).geometry())
        let port = try tables.maps.addWithoutInterface(PortNumber(1), role: .guest)
        let program = try tables.load(.tcFromPort, for: port)
        for number in 0..<4000 { _ = try program.run(on: Self.first(number, .v4)) }
        for number in 3900..<4000 { _ = try program.run(on: Self.second(number, .v4)) }
        let known = try tables.snapshot().flows.filter { $0.value.count.packets == 2 }
        #expect(known.count == 100 && known.allSatisfy { (4900..<5000).contains($0.key.sourcePort) })
    }
}
