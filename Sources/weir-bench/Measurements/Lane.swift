// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel

/// A subject at one hook, and what was measured of it.
final class Lane {
    let subject: any Subject
    let type: BPFProgramType
    private let replay: FrameReplay
    private(set) var samples = Samples()

    init(
        _ subject: any Subject, _ type: BPFProgramType, _ form: FrameForm, _ sequence: borrowing FlowSequence
    ) throws {
        self.subject = subject
        self.type = type
        var made: FrameReplay?
        try subject.withProgram(type) { program in made = try FrameReplay(form, of: sequence, through: program) }
        replay = made.take()!
    }

    func rewind(_ sequence: borrowing FlowSequence) { replay.rewind(sequence) }

    func run(packets: Int) throws { try replay.run(packets: packets) }

    func measure(packets: Int) throws { samples.append(try replay.time(packets: packets)) }
}
