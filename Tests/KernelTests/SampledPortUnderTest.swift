// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowKernel
import FlowModel
import FlowTestKit
import FlowVerdict
import Host

/// A program that samples, on tables of its own, fed by BPF_PROG_TEST_RUN; and the reading end of its ring.
struct SampledPortUnderTest: ~Copyable {
    let program: Program
    let ring: CopyReader
    private let tables: FlowTables
    private let port: RegisteredPort

    init(_ kind: ProgramKind, _ rates: SamplingRates, isJudged: Bool = false) throws {
        let tables = try FlowTables.create(try TableRequest(flowBudget: 1000, portShare: 1).geometry())
        let port = try tables.maps.addWithoutInterface(ProgramUnderTest.port, role: .guest)
        let use = ProgramUse(asksPolicy: isJudged, copying: .samples)
        let program =
            kind.isShared
            ? try tables.loadShared(kind, for: port, use: use) : try tables.load(kind, for: port, use: use)
        try tables.setSampling(rates, of: port)
        guard let ring = try tables.sampleRing() else { throw Missing() }
        self.ring = try CopyReader(ring)
        self.program = program
        self.tables = tables
        self.port = port
    }

    struct Missing: Error {}

    var counts: SampledCounts { get throws { try tables.sampledCounts(of: port) } }

    func setSampling(_ rates: SamplingRates) throws { try tables.setSampling(rates, of: port) }

    func load(_ policy: KernelPolicy) throws {
        try tables.setPolicy(
            policy, ports: [port.number: PortPolicy(set: 1, mode: .enforce)], gracePeriod: .notNeeded)
    }

    /// All that is in the ring.
    func copies() throws -> [CopyReader.Copy] { try ring.copies() }
}
