// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import Host

/// bpf/bench/reference.bpf.c over a table of its own, at both hooks.
final class ReferenceSubject: Subject {
    let name = BenchProgram.reference.rawValue
    let types: [BPFProgramType] = [.tc, .xdpFrags]
    private let flows: BPFMap
    private let tc: BPFProgram
    private let xdp: BPFProgram

    private static let mapName = "reference_flows"

    /// `struct reference_key`.
    private typealias Key = (UInt64, UInt64, UInt64, UInt64, UInt64)

    /// `struct reference_flow`.
    private struct Flow: BitwiseCopyable {
        var packets: UInt64 = 0
        var octets: UInt64 = 0
        var first: UInt64 = 0
        var last: UInt64 = 0
    }

    init(roomFor count: Int) throws(KernelError) {
        let object = try BenchProgram.reference.open(for: .tc)
        try object.setMaxEntries(count, ofMap: Self.mapName)
        try object.load()
        flows = try object.map(named: Self.mapName)
        tc = try object.program(inSection: BPFProgramType.tc.rawValue)
        let other = try BenchProgram.reference.open(for: .xdpFrags)
        try other.reuse(flows)
        try other.load()
        xdp = try other.program(inSection: BPFProgramType.xdpFrags.rawValue)
    }

    func counts(_ form: FrameForm) -> Bool { form.isPlain }

    func withProgram(_ type: BPFProgramType, _ body: (borrowing BPFProgram) throws -> Void) throws {
        if type == .tc { try body(tc) } else { try body(xdp) }
    }

    func countedPackets() throws -> UInt64? { try sum().packets }

    /// Reads the table by BPF_MAP_LOOKUP_BATCH.
    func sum() throws(KernelError) -> (flows: Int, packets: UInt64) {
        var count = 0
        var packets: UInt64 = 0
        try flows.forEach(initialKey: (0, 0, 0, 0, 0) as Key, initialValue: Flow()) { _, values in
            count += 1
            for value in values { packets += value.packets }
        }
        return (count, packets)
    }

    func empty() throws { try flows.removeAll(initialKey: (0, 0, 0, 0, 0) as Key, initialValue: Flow()) }

    var memoryBytes: UInt64 { flows.memoryBytes }
}
