// SPDX-License-Identifier: Apache-2.0

import FlowModel

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

    private struct Entry: Codable, Equatable {
        var number: Int
        /// What an earlier holder of the number had counted.
        var base = TapFigures()

        /// Since the session has the account. A number below what was there before was made anew.
        func counted(_ counts: [Int: TapFigures]) -> TapFigures {
            let now = counts[number] ?? base
            let isAnew = now.sum.matched.packets < base.sum.matched.packets
            return isAnew ? now : now - base
        }
    }

    private var entries: [Key: Entry] = [:]
    /// By session.
    private var past: [String: TapFigures] = [:]
    /// Where the search for a free number begins: one that was given back is used again as late as can be.
    private var next = 0

    package init() {}

    /// The number of a session's account at a port; nil where all are in use.
    ///
    /// - Parameter counts: what the kernel has counted, by number.
    package mutating func number(
        of session: String, at port: TapPort, counts: [Int: TapFigures]
    ) -> Int? {
        let key = Key(session, port)
        if let entry = entries[key] { return entry.number }
        let used = Set(entries.values.map(\.number))
        let all = Array(next..<TapPlan.mostAccounts) + Array(0..<next)
        guard let number = all.first(where: { !used.contains($0) }) else { return nil }
        next = (number + 1) % TapPlan.mostAccounts
        entries[key] = Entry(number: number, base: counts[number] ?? TapFigures())
        return number
    }

    /// Gives back the accounts that are not among these, and keeps what was counted there; forgets sessions that are no more.
    package mutating func keep(_ numbers: Set<Int>, sessions: Set<String>, counts: [Int: TapFigures]) {
        for (key, entry) in entries where !numbers.contains(entry.number) {
            past[key.session, default: TapFigures()] += entry.counted(counts)
        }
        entries = entries.filter { numbers.contains($0.value.number) }
        past = past.filter { sessions.contains($0.key) }
    }

    /// What was counted in each account since its session has it, by number.
    package func figures(counts: [Int: TapFigures]) -> [Int: TapFigures] {
        Dictionary(entries.values.map { ($0.number, $0.counted(counts)) }) { $1 }
    }

    /// What a session has counted at ports that it has no more.
    package func past(of session: String) -> TapFigures { past[session] ?? TapFigures() }
}
