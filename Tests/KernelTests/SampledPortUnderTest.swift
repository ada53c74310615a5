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
    let ring: RecordRing
    private let tables: FlowTables
    private let port: RegisteredPort

    /// A record, as `weir_copy` has it, and the bytes of the frame behind it.
    struct Copy {
        let head: weir_copy
        let bytes: [UInt8]
    }

    init(_ kind: ProgramKind, _ rates: SamplingRates, isJudged: Bool = false) throws {
        let tables = try FlowTables.create(try TableRequest(flowBudget: 1000, portShare: 1).geometry())
        let port = try tables.maps.addWithoutInterface(ProgramUnderTest.port, role: .guest)
        let use = ProgramUse(asksPolicy: isJudged, copies: true)
        let program =
            kind.isShared
            ? try tables.loadShared(kind, for: port, use: use) : try tables.load(kind, for: port, use: use)
        try tables.setSampling(rates, of: port)
        guard let ring = try tables.sampleRing() else { throw Missing() }
        let size = ring.size
        self.ring = try RecordRing(ring.takeDescriptor(), size: size)
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
    func copies() throws -> [Copy] {
        let size = MemoryLayout<weir_copy>.size
        guard let records = ring.read(atMost: .max, length: size + 128) else { throw Missing() }
        return records.map { record in
            let head = unsafe record.withUnsafeBytes { unsafe $0.loadUnaligned(as: weir_copy.self) }
            return Copy(head: head, bytes: Array(record[size...].prefix(Int(head.kept))))
        }
    }
}
