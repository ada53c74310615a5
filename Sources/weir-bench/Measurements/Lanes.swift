// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel

/// Lanes that take turns, and what was sent to their subjects.
struct Lanes: ~Copyable {
    let all: [Lane]
    private var sent: [ObjectIdentifier: UInt64] = [:]

    /// A lane for every subject that counts the frame, at each of its hooks, and for the empty program of each type.
    init(
        _ subjects: [any Subject], _ form: FrameForm, _ sequence: borrowing FlowSequence,
        only hook: BPFProgramType? = nil
    )
        throws
    {
        let counting = subjects.filter { $0.counts(form) }
        let types = Set(counting.flatMap(\.types)).filter { hook == nil || $0 == hook }.sorted {
            $0.rawValue < $1.rawValue
        }
        let empty = try PlainSubject(.empty, types: types)
        var lanes: [Lane] = []
        for subject in [empty] + counting {
            for type in subject.types where types.contains(type) {
                lanes.append(try Lane(subject, type, form, sequence))
            }
        }
        all = lanes
    }

    /// Runs every lane once, without measuring.
    mutating func warm(packets: Int, _ sequence: borrowing FlowSequence) throws {
        for lane in all {
            lane.rewind(sequence)
            try lane.run(packets: packets)
            note(packets, of: lane)
        }
        try check()
    }

    /// Measures every lane once; each round another one begins, so that none always follows the same.
    mutating func measure(round: Int, packets: Int, leadIn: Int, _ sequence: borrowing FlowSequence) throws {
        for index in all.indices {
            let lane = all[(index + round) % all.count]
            lane.rewind(sequence)
            if leadIn > 0 { try lane.run(packets: leadIn) }
            try lane.measure(packets: packets)
            note(packets + leadIn, of: lane)
        }
        try check()
    }

    private mutating func note(_ packets: Int, of lane: Lane) {
        sent[ObjectIdentifier(lane.subject), default: 0] += UInt64(packets)
    }

    private func check() throws {
        for subject in subjects { try subject.check(sent: sent[ObjectIdentifier(subject)] ?? 0) }
    }

    /// Empties the subjects.
    mutating func empty() throws {
        for subject in subjects { try subject.empty() }
        sent = [:]
    }

    private var subjects: [any Subject] {
        var seen: Set<ObjectIdentifier> = []
        return all.map(\.subject).filter { seen.insert(ObjectIdentifier($0)).inserted }
    }

    /// What the lane took more than the empty program of the same type.
    func net(of lane: Lane) -> Samples {
        let empty = all.first { $0.type == lane.type && $0.subject.name == BenchProgram.empty.rawValue }
        return lane.samples - (empty ?? lane).samples
    }
}
