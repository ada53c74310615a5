// SPDX-License-Identifier: Apache-2.0

/// What the kernel's numbers of rules mean, those of earlier policies among them: records that are still to be written
/// may name them.
///
/// A rule that says the same as in the policy before keeps its number, so that a flow that nothing changed for stays one
/// record.
package struct RuleBook: Equatable, Sendable, Codable {
    package struct Entry: Equatable, Sendable, Codable {
        /// `web/https`.
        package var name: String
        /// All that the rule says, so that another one is told from it.
        package var content: String
    }

    /// Those that records may name, by their numbers.
    package private(set) var entries: [UInt16: Entry] = [:]
    /// Those of the current policy.
    private var current: Set<UInt16> = []
    /// Those of the one before: packets judged by it may still be in the tables.
    private var before: Set<UInt16> = []
    private var last: UInt16 = 0

    package init() {}

    /// Gives the rules of a new policy their numbers, in the order given; throws where there are too many.
    mutating func number(_ rules: [Entry]) throws(PolicyError) -> [UInt16] {
        let known = Dictionary(current.compactMap { number in entries[number].map { ($0, number) } }) { $1 }
        let taken = current.union(before)
        var new: Set<UInt16> = []
        var numbers: [UInt16] = []
        for rule in rules {
            let number: UInt16
            if let kept = known[rule] { number = kept } else { number = try free(taken, new) }
            new.insert(number)
            entries[number] = rule
            numbers.append(number)
        }
        (before, current) = (current, new)
        return numbers
    }

    /// A number that neither this policy nor the one before it has; the one that was given out longest ago.
    private mutating func free(_ taken: Set<UInt16>, _ new: Set<UInt16>) throws(PolicyError) -> UInt16 {
        for _ in 0..<UInt16.max {
            last = last == .max ? 1 : last + 1
            if !taken.contains(last), !new.contains(last) { return last }
        }
        throw PolicyError("a policy and the one before it may have \(UInt16.max) different rules together, not more")
    }
}

extension RuleBook.Entry: Hashable {}

/// Why a policy cannot be what the kernel judges by: one sentence without its full stop.
package struct PolicyError: Error, Equatable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
