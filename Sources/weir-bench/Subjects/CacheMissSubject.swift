// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowTestKit
import Host

/// A chain of dependent cache misses, one a packet, over as many lines as there are flows: the floor.
final class CacheMissSubject: Subject {
    let name = BenchProgram.cacheMiss.rawValue
    let types: [BPFProgramType] = [.tc, .xdpFrags]
    private let lines: MappedArray<Line>
    private let turn: MappedArray<UInt64>
    private let tc: BPFProgram
    private let xdp: BPFProgram

    /// `struct floor_line`.
    private struct Line: BitwiseCopyable {
        var packets: UInt64 = 0
        var next: UInt64 = 0
        var zero: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0, 0)
    }

    init(roomFor count: Int) throws(KernelError) {
        let object = try BenchProgram.cacheMiss.open(for: .tc)
        try object.setMaxEntries(count, ofMap: "floor_lines")
        try object.load()
        let lineMap = try object.map(named: "floor_lines")
        let turnMap = try object.map(named: "floor_turn")
        tc = try object.program(inSection: BPFProgramType.tc.rawValue)
        let other = try BenchProgram.cacheMiss.open(for: .xdpFrags)
        try other.reuse(lineMap)
        try other.reuse(turnMap)
        try other.load()
        xdp = try other.program(inSection: BPFProgramType.xdpFrags.rawValue)
        lines = try MappedArray(of: lineMap, rights: .readWrite)
        turn = try MappedArray(of: turnMap, rights: .readWrite)
    }

    func withProgram(_ type: BPFProgramType, _ body: (borrowing BPFProgram) throws -> Void) throws {
        if type == .tc { try body(tc) } else { try body(xdp) }
    }

    /// Makes the chain a single ring through the first `flows` lines, in random order (Sattolo's shuffle).
    func prepare(flows: Int, using generator: inout SplitMix64) {
        var ring = Array(0..<flows)
        for index in stride(from: flows - 1, to: 0, by: -1) {
            ring.swapAt(index, Int.random(in: 0..<index, using: &generator))
        }
        for index in 0..<flows { lines[index] = Line(next: UInt64(ring[index])) }
        turn[0] = 0
    }

    func countedPackets() throws -> UInt64? {
        lines.withSpan { span in
            var packets: UInt64 = 0
            for index in span.indices { packets += span[index].packets }
            return packets
        }
    }

    func empty() throws {
        for index in 0..<lines.count { lines[index].packets = 0 }
    }
}
