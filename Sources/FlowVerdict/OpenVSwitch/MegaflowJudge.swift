// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Judges the records of one window by the megaflows that the switch had in it.
///
/// All megaflows that may have met packets of a record, in its time, must do the same; where one is for more packets than the
/// record tells of, by conntrack's word or by what is not understood, and does something else, nothing is said.
package struct MegaflowJudge: WindowJudge {
    private let space: TupleSpace<MegaflowKey, Int32>
    private let candidates: [MegaflowCandidate]
    /// Candidates by their recirculation id, for packets of which not all is known any more.
    private let byRecirculation: [UInt32: [Int32]]
    private let ports: [String: UInt32]
    private let datapaths: [String: String]
    /// Records of a port follow one another.
    private var last: (port: Port, number: UInt32?)?
    private var leaves: [MegaflowLeaf] = []

    /// A record's times lag by the kernel's tick, and the switch takes a packet some time after it was counted.
    private static let slack = Duration.milliseconds(50)

    /// - Parameter history: of which only what was there in the window counts.
    package init(_ history: MegaflowHistory, of window: Window) {
        let span = window.start.advanced(by: .zero - Self.slack)...window.end.advanced(by: Self.slack)
        let candidates = history.candidates(in: span)
        var space = TupleSpace<MegaflowKey, Int32>()
        var byRecirculation: [UInt32: [Int32]] = [:]
        for (index, candidate) in candidates.enumerated() {
            space.insert(candidate.key, mask: candidate.mask, Int32(index))
            if candidate.recirculation != 0 {
                byRecirculation[candidate.recirculation, default: []].append(Int32(index))
            }
        }
        self.space = space
        self.candidates = candidates
        self.byRecirculation = byRecirculation
        ports = history.ports
        datapaths = history.datapaths
    }

    /// The one that the record's port is of; nil for a port that no megaflow names.
    package func datapath(of record: borrowing FlowRecord) -> String? { datapaths[record.port.name] }

    package mutating func verdict(of record: borrowing FlowRecord) -> Verdict? {
        guard record.key.direction != record.port.role.directionToPort, let number = number(of: record.port) else {
            return nil
        }
        let span = record.first.advanced(by: .zero - Self.slack)...record.last.advanced(by: Self.slack)
        leaves.removeAll(keepingCapacity: true)
        gather(MegaflowKey(record, port: number), .all, MegaflowLeaf(), span, depth: 0)
        return MegaflowOpinion(leaves, of: ConntrackGuess(record), in: span).verdict
    }

    private mutating func number(of port: Port) -> UInt32? {
        if let last, last.port === port { return last.number }
        let number = ports[port.name]
        last = (port, number)
        return number
    }
}

extension MegaflowJudge {
    private static let deepest = 8
    /// Of one recirculation id; with more, packets of which not all is known are not judged.
    private static let mostCompared = 4096
    private static let mostLeaves = 256

    /// Follows packets through all megaflows that they may have met.
    private mutating func gather(
        _ key: MegaflowKey, _ knownBits: MegaflowKey, _ way: MegaflowLeaf, _ span: ClosedRange<UnixTime>, depth: Int
    ) {
        var met: [Int32] = []
        find(key, knownBits, &met)
        for index in met {
            let candidate = candidates[Int(index)]
            guard let next = way.through(candidate), next.overlaps(span) else { continue }
            guard leaves.count < Self.mostLeaves, depth < Self.deepest else { return leaves.append(.unsure(span)) }
            if candidate.decides { leaves.append(next) }
            for continuation in candidate.outcome.continuations {
                follow(continuation, key, knownBits, next, span, depth)
            }
        }
    }

    private mutating func follow(
        _ continuation: DatapathOutcome.Continuation, _ key: MegaflowKey, _ knownBits: MegaflowKey,
        _ way: MegaflowLeaf, _ span: ClosedRange<UnixTime>, _ depth: Int
    ) {
        var (key, knownBits) = (key, knownBits)
        continuation.rewrite.apply(to: &key, knownBits: &knownBits)
        key.place = key.place & ~0xFFFF_FFFF | UInt64(continuation.recirculation)
        gather(key, knownBits, way, span, depth: depth + 1)
    }

    @inline(__always)
    private func find(_ key: MegaflowKey, _ knownBits: MegaflowKey, _ met: inout [Int32]) {
        guard knownBits != .all else { return space.forEachMatch(key) { met.append($0) } }
        let recirculation = UInt32(truncatingIfNeeded: key.place)
        let all = byRecirculation[recirculation] ?? []
        guard all.count <= Self.mostCompared else { return }
        for index in all {
            let candidate = candidates[Int(index)]
            let mask = candidate.mask.masked(by: knownBits)
            if key.masked(by: mask) == candidate.key.masked(by: mask) { met.append(index) }
        }
    }
}
