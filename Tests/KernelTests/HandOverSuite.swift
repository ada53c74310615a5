// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import Testing

/// An entry in libxdp's dispatcher and one of a later version before it: each frame is counted by one of them.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) struct HandOverSuite {
    private static let frame = Frame(.ethernet(), .ipv4(), .udp(from: 1, to: 2), .payload(10)).bytes

    @Test(arguments: FlowEngine.allCases)
    func `what a later entry has counted an earlier one passes uncounted`(_ engine: FlowEngine) throws {
        let tables = try FlowTables.create(
            try TableRequest(engine: engine, flowBudget: 1000, portShare: 1).geometry())
        let port = try tables.maps.addWithoutInterface(PortNumber(1), role: .guest)
        let entry = try tables.load(.xdpDispatched, for: port)
        func counted() throws -> UInt64? { try tables.snapshot().totals[port.number]?.both.seen.packets }
        let pass = ProgramUnderTest.pass[.xdpDispatched]
        #expect(try entry.run(on: Self.frame) == pass)
        #expect(try counted() == 1)
        // On one CPU, so that both frames meet the same claim.
        let placement = try ThreadPlacement(on: 0)
        defer { placement.end() }
        try tables.maps.claimed.setPerCPU(UInt64(1), of: UInt32(0))
        #expect(try entry.run(on: Self.frame) == pass)
        #expect(try counted() == 1, "claimed")
        #expect(try entry.run(on: Self.frame) == pass)
        #expect(try counted() == 2, "a claim holds for one frame")
    }
}
