// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// The megaflows that a switch had, and when, as far as looking at it from time to time tells.
///
/// Between two looks that both show a megaflow it was there. Before the first and after the last it was, or would have been made
/// for such packets, as long as nothing has changed that megaflows are made from: that is noted, too. So the megaflow of a single
/// packet, which lives for seconds, says what became of all like it.
///
/// A value; its size is bounded. Not to be changed from several threads at a time.
package struct MegaflowHistory: Sendable {
    /// One look at all megaflows: it began and ended then.
    struct Poll: Equatable, Sendable {
        let start: UnixTime
        let end: UnixTime
    }

    struct Entry: Sendable {
        let match: String
        let datapath: String
        let megaflow: Megaflow
        let actions: String
        var firstPoll: Int
        var lastPoll: Int
        var rule: RuleName?
    }

    /// Megaflows that are kept, those that are gone among them.
    package let capacity: Int
    /// What can still be asked for its rule.
    private(set) var unattributed: [Int] = []
    private(set) var entries: [Int: Entry] = [:]
    /// Those of the last looks, by the text of their match.
    private var current: [String: Int] = [:]
    private var nextEntry = 0
    /// The look with number n is at n - firstKept.
    private(set) var polls: [Poll] = []
    private(set) var firstKept = 0
    package private(set) var changes = RuleChanges()
    private(set) var ports: [String: UInt32] = [:]
    /// Which datapath each port is of.
    private(set) var datapaths: [String: String] = [:]

    /// Megaflows of the last whole look, and lines of it that could not be read.
    package private(set) var count = 0
    package private(set) var unreadable = 0
    /// Whether the last look found more than are kept.
    package private(set) var isCut = false

    package init(capacity: Int = 200_000) { self.capacity = capacity }

    private var pollNumber: Int { firstKept + polls.count }
}

// MARK: Looking

extension MegaflowHistory {
    /// What one look finds, line by line.
    package struct Look: Sendable {
        fileprivate let start: UnixTime
        fileprivate var seen: Set<Int> = []
        /// Of each port.
        fileprivate var counts: [String: Int] = [:]
        fileprivate var unreadable = 0
        fileprivate var isCut = false

        fileprivate mutating func see(_ index: Int, of port: String) {
            if seen.insert(index).inserted { counts[port, default: 0] += 1 }
        }
    }

    package func look(at start: UnixTime) -> Look { Look(start: start) }

    /// Takes a line of `dpctl/dump-flows` of a datapath; what is no megaflow of IP packets is passed over.
    package mutating func take(_ line: String, of datapath: String = "", in look: inout Look) {
        guard !line.isEmpty, !line.hasPrefix("flow-dump from"), !line.hasSuffix("@ovs-netdev:") else { return }
        guard let line = MegaflowLine(line) else {
            look.unreadable += 1
            return
        }
        let match = String(line.match)
        let number = pollNumber
        if let index = current[match], let entry = entries[index], entry.actions == line.actions,
            entry.lastPoll >= number - 1
        {
            entries[index]?.lastPoll = number
            look.see(index, of: entry.megaflow.inPort)
            return
        }
        add(line, match, datapath, &look)
    }

    private mutating func add(
        _ line: MegaflowLine, _ match: String, _ datapath: String, _ look: inout Look
    ) {
        var parsed = MegaflowMatch(line.match)
        guard parsed.isIP else { return }
        // A port with few megaflows has room for them, however many another has.
        guard look.seen.count < capacity || look.counts[parsed.inPort, default: 0] < fairPart else {
            look.isCut = true
            return
        }
        parsed.key.set(port: number(ofPort: parsed.inPort), recirculation: parsed.recirculation)
        parsed.mask.place = .max
        let outcome = DatapathOutcome(line.actions, inPort: parsed.inPort)
        // The userspace datapath has a table for each of its threads: the same megaflow is listed for each.
        if let index = current[match], let entry = entries[index], entry.firstPoll == pollNumber,
            entry.megaflow.outcome == outcome
        {
            return
        }
        entries[nextEntry] = Entry(
            match: match, datapath: datapath, megaflow: Megaflow(parsed, outcome), actions: String(line.actions),
            firstPoll: pollNumber, lastPoll: pollNumber)
        datapaths[parsed.inPort] = datapath
        current[match] = nextEntry
        look.see(nextEntry, of: parsed.inPort)
        if outcome.continuations.isEmpty { unattributed.append(nextEntry) }
        nextEntry += 1
    }

    private mutating func number(ofPort name: String) -> UInt32 {
        if let number = ports[name] { return number }
        let number = UInt32(ports.count + 1)
        ports[name] = number
        return number
    }

    /// Ends a look that came to its end.
    package mutating func end(_ look: Look, at end: UnixTime) {
        polls.append(Poll(start: look.start, end: end))
        count = look.seen.count
        unreadable = look.unreadable
        isCut = look.isCut
        if entries.count > capacity { dropOldest() }
    }

    /// Gives up a look that broke off: what it has seen counts for nothing.
    package mutating func abandon(_ look: Look) {
        let number = pollNumber
        for index in look.seen {
            guard let entry = entries[index], entry.lastPoll == number else { continue }
            if entry.firstPoll == number { remove(index) } else { entries[index]?.lastPoll = number - 1 }
        }
    }
}

// MARK: What changes, and what is forgotten

extension MegaflowHistory {
    /// Nothing is known of what was before.
    package mutating func begin(at moment: UnixTime) { changes.begin(at: moment) }

    /// What megaflows are made from was the same from the moment that was known last up to this one.
    package mutating func confirm(until moment: UnixTime) { changes.confirm(until: moment) }

    /// It may have changed, from the moment that was known last up to this one.
    package mutating func noteChange(until moment: UnixTime) { changes.noteChange(until: moment) }

    /// Up to when it is known what has changed.
    package var knownUntil: UnixTime { changes.knownUntil }

    /// Whether all is known of what was up to that moment: there was a look after it, and what has changed until its end is known.
    package func isKnown(until moment: UnixTime) -> Bool {
        polls.contains { $0.start >= moment && $0.end <= changes.knownUntil }
    }

    /// Forgets what no window that starts then or later needs.
    package mutating func forget(before moment: UnixTime) {
        let kept = polls.firstIndex { $0.end >= moment } ?? max(0, polls.count - 1)
        // The one before tells of what was there when the window began.
        let gone = max(0, kept - 1)
        guard gone > 0 else { return }
        polls.removeFirst(gone)
        firstKept += gone
        let first = firstKept
        for (index, entry) in entries where entry.firstPoll < first {
            if entry.lastPoll < first { remove(index, entry) } else { entries[index]?.firstPoll = first }
        }
        changes.forget(before: polls.first?.start ?? moment)
        forgetQuestions()
    }

    private mutating func forgetQuestions() {
        let entries = entries
        unattributed.removeAll { entries[$0] == nil }
    }

    /// What each port may have where all have more.
    private var fairPart: Int { max(1, capacity / max(1, ports.count)) }

    /// Forgets the oldest, of ports that have more than their part.
    private mutating func dropOldest() {
        var excess = entries.count - capacity
        var counts = entries.values.reduce(into: [:]) { $0[$1.megaflow.inPort, default: 0] += 1 }
        for (index, entry) in entries.sorted(by: { $0.value.lastPoll < $1.value.lastPoll }) {
            guard excess > 0 else { return }
            guard let count = counts[entry.megaflow.inPort], count > fairPart else { continue }
            counts[entry.megaflow.inPort] = count - 1
            remove(index, entry)
            excess -= 1
        }
    }

    private mutating func remove(_ index: Int, _ entry: Entry? = nil) {
        guard let entry = entry ?? entries[index] else { return }
        entries[index] = nil
        if current[entry.match] == index { current[entry.match] = nil }
    }
}

// MARK: Rules

extension MegaflowHistory {
    /// A megaflow of which it is not known yet what rule decided, to be asked for now.
    package struct Question: Equatable, Sendable {
        package let id: Int
        /// A packet that the switch can be asked about, in its own syntax.
        package let flow: String
        package let datapath: String
        /// Where its packets come in.
        package let port: String
        package let isDropped: Bool
    }

    /// Megaflows of these ports whose rules are to be asked for next, those that drop first, and of each port in turn; they
    /// are not named again.
    package mutating func takeQuestions(_ limit: Int, of isMeasured: (String) -> Bool) -> [Question] {
        guard limit > 0, !unattributed.isEmpty else { return [] }
        var wanted: [(index: Int, entry: Entry)] = []
        forgetQuestions()
        for index in unattributed {
            guard let entry = entries[index], entry.lastPoll >= pollNumber - 1 else { continue }
            wanted.append((index, entry))
        }
        wanted.removeAll { !isMeasured($0.entry.megaflow.inPort) || $0.entry.megaflow.isOpaque }
        wanted.sort { left, right in
            let (first, second) = (left.entry.megaflow.outcome.isDropped, right.entry.megaflow.outcome.isDropped)
            return first != second ? first : left.index < right.index
        }
        let taken = Self.inTurn(wanted, limit)
        let ids = Set(taken.map(\.index))
        unattributed.removeAll { ids.contains($0) }
        return taken.map { index, entry in
            // Without addresses the switch would take it for a packet without Ethernet.
            let link = entry.megaflow.hasEthernet ? "" : ",eth(src=02:00:00:00:00:01,dst=02:00:00:00:00:02)"
            return Question(
                id: index, flow: entry.match + link, datapath: entry.datapath, port: entry.megaflow.inPort,
                isDropped: entry.megaflow.outcome.isDropped)
        }
    }

    /// The first of each port, then the second of each, and so on.
    private static func inTurn(
        _ wanted: [(index: Int, entry: Entry)], _ limit: Int
    ) -> [(index: Int, entry: Entry)] {
        var turns: [String: Int] = [:]
        let placed = wanted.enumerated().map { place, question in
            let turn = turns[question.entry.megaflow.inPort, default: 0]
            turns[question.entry.megaflow.inPort] = turn + 1
            return (turn: turn, place: place, question: question)
        }
        return placed.sorted { ($0.turn, $0.place) < ($1.turn, $1.place) }.prefix(limit).map(\.question)
    }

    /// These were not asked.
    package mutating func putBack(_ questions: some Sequence<Question>) { unattributed += questions.map(\.id) }

    /// Takes the answer, where it says of packets what the megaflow does with them.
    package mutating func answer(_ question: Question, _ trace: PipelineTrace) {
        guard let entry = entries[question.id] else { return }
        let outcome = entry.megaflow.outcome
        guard trace.action == (outcome.isDropped ? .reject : outcome.isDelivered ? .accept : .unknown) else { return }
        entries[question.id]?.rule = trace.rule
    }
}
