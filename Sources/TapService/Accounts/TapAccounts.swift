// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Where the kernel counts what each session does at each port: a number that stays for as long as the session has the port, and what was
/// counted of ports that it has no more.
package struct TapAccounts: Codable, Equatable, Sendable {
    private struct Key: Codable, Hashable {
        var session: String
        var port: UInt16
        var attached: Int64

        init(_ session: String, _ port: TapPort) {
            self.session = session
            self.port = port.number.rawValue
            attached = port.attached.nanoseconds
        }
    }

    private var entries: [Key: Int] = [:]
    /// By session.
    private var past: [String: TapFigures] = [:]
    /// By account, what could not be sent after the kernel had counted it as mirrored.
    private var unsent: [Int: TapFigures] = [:]
    /// What records of a ring call sessions.
    package var labels = TapLabels()
    /// Where the search for a free number begins: one that was given back is used again as late as can be.
    private var next = 0
    /// The tables that were counted on from last.
    private var countedOn: UInt64?

    package init() {}

    /// - Parameter first: the number that the search for a free one begins with.
    package init(beginningAt first: Int) { next = first }

    /// The number of a session's account at a port; nil where all are in use.
    ///
    /// - Parameter used: the numbers that are in use, kept up to date.
    package mutating func number(of session: String, at port: TapPort, used: inout Set<Int>) -> Int? {
        let key = Key(session, port)
        if let number = entries[key] { return number }
        guard used.count < TapPlan.mostAccounts else { return nil }
        while used.contains(next) { next = (next + 1) % TapPlan.mostAccounts }
        let number = next
        next = (number + 1) % TapPlan.mostAccounts
        entries[key] = number
        used.insert(number)
        return number
    }

    /// Those that are in use.
    package var numbers: Set<Int> { Set(entries.values) }

    /// Gives back the accounts that are not among these, and keeps what was counted there; forgets sessions that are no more.
    ///
    /// - Parameter counts: by number, with what could not be sent.
    package mutating func keep(_ numbers: Set<Int>, sessions: Set<String>, counts: [Int: TapFigures]) {
        for (key, number) in entries where !numbers.contains(number) {
            past[key.session, default: TapFigures()] += counts[number] ?? TapFigures()
        }
        entries = entries.filter { numbers.contains($0.value) }
        unsent = unsent.filter { numbers.contains($0.key) }
        past = past.filter { sessions.contains($0.key) }
    }

    /// Keeps what other tables have counted under these numbers, which begin at zero now.
    ///
    /// - Parameter installation: of those tables: what was kept already is not kept again.
    /// - Returns: whether there was something to keep.
    package mutating func countOn(from counts: [Int: TapFigures], of installation: UInt64) -> Bool {
        guard countedOn != installation, !counts.isEmpty else { return false }
        countedOn = installation
        for (key, number) in entries { past[key.session, default: TapFigures()] += counts[number] ?? TapFigures() }
        return true
    }

    /// What a session has counted at ports that it has no more.
    package func past(of session: String) -> TapFigures { past[session] ?? TapFigures() }

    /// What the kernel has counted, with what could not be sent afterwards.
    package func complete(_ counts: [Int: TapFigures]) -> [Int: TapFigures] {
        counts.reduce(into: counts) { result, count in
            if let unsent = unsent[count.key] { result[count.key] = count.value.moving(unsent) }
        }
    }

    /// Takes note of what could not be sent; see `TapCounts.moving`.
    package mutating func add(unsent figures: TapFigures, of session: String, at port: PortNumber) {
        // A port that had the number before has no account any more: what is left of it is the session's past.
        let own = entries.first { $0.key.session == session && $0.key.port == port.rawValue }
        if let number = own?.value {
            unsent[number, default: TapFigures()] += figures
        } else if let before = past[session] {
            past[session] = before.moving(figures)
        }
    }
}

extension TapAccounts {
    /// What an earlier version kept has no labels.
    package init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        entries = try container.decode([Key: Int].self, forKey: .entries)
        past = try container.decode([String: TapFigures].self, forKey: .past)
        next = try container.decode(Int.self, forKey: .next)
        unsent = try container.decodeIfPresent([Int: TapFigures].self, forKey: .unsent) ?? [:]
        labels = try container.decodeIfPresent(TapLabels.self, forKey: .labels) ?? TapLabels()
    }
}
