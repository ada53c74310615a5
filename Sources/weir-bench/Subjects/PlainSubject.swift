// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import Host

/// A program that keeps no account: nothing to check, nothing to empty.
final class PlainSubject: Subject {
    let name: String
    let types: [BPFProgramType]
    private let programs: [Loaded]

    private final class Loaded {
        let program: BPFProgram

        init(_ program: BenchProgram, _ type: BPFProgramType) throws(KernelError) {
            self.program = try program.load(for: type)
        }
    }

    init(_ program: BenchProgram, types: [BPFProgramType]) throws(KernelError) {
        name = program.rawValue
        self.types = types
        var programs: [Loaded] = []
        for type in types { programs.append(try Loaded(program, type)) }
        self.programs = programs
    }

    func withProgram(_ type: BPFProgramType, _ body: (borrowing BPFProgram) throws -> Void) throws {
        for loaded in programs where loaded.program.type == type { try body(loaded.program) }
    }
}
