// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import Host

/// A program of an object file that the operator named. The bench does not know where the program counts,
/// so it does not check the packets.
final class ForeignSubject: Subject {
    let name: String
    let types: [BPFProgramType]
    private let loaded: LoadedForeignProgram

    /// - Parameter name: what the report calls it.
    init(_ program: ForeignProgram, named name: String, roomFor flows: Int) throws(KernelError) {
        loaded = try LoadedForeignProgram(program, roomFor: flows)
        self.name = name
        types = [loaded.program.type]
    }

    /// Loads them all. A program that is named more than once, with other settings, is numbered.
    static func all(_ programs: [ForeignProgram], roomFor flows: Int) throws(KernelError) -> [ForeignSubject] {
        var seen: [String: Int] = [:]
        var subjects: [ForeignSubject] = []
        for program in programs {
            let count = seen[program.name, default: 0] + 1
            seen[program.name] = count
            let name = count == 1 ? program.name : "\(program.name) (\(count))"
            subjects.append(try ForeignSubject(program, named: name, roomFor: flows))
        }
        return subjects
    }

    func withProgram(_ type: BPFProgramType, _ body: (borrowing BPFProgram) throws -> Void) throws {
        try body(loaded.program)
    }

    func empty() throws { try loaded.empty() }

    /// How many flows it keeps at the moment, for all that can be seen: the entries of its fullest hash table.
    func keptFlows() throws -> Int { try loaded.keptFlows() }

    /// How many it has made entries for since it was emptied.
    func newFlows() throws -> Int { try loaded.newFlows() }
}
