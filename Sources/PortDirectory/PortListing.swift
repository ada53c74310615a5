// SPDX-License-Identifier: Apache-2.0

/// What a directory, or several by precedence, said at one moment of all interfaces. It does not change.
package struct PortListing: Sendable {
    /// Whether every directory that it is merged from has said something.
    package let isComplete: Bool
    private let find: @Sendable (String) -> PortFacts?

    /// - Parameter find: gives what the directory knows of the interface of that name; nil where it knows nothing.
    package init(_ find: @escaping @Sendable (String) -> PortFacts?) {
        self.init(isComplete: true, find)
    }

    /// - Parameter isComplete: false where the directory has not told all that it knows yet.
    package init(isComplete: Bool, _ find: @escaping @Sendable (String) -> PortFacts?) {
        self.isComplete = isComplete
        self.find = find
    }

    /// Merges listings, fact by fact: each fact is that of the first listing that has it.
    ///
    /// - Parameter listings: in the order of precedence; nil for a directory that has said nothing yet.
    package init(merging listings: [PortListing?]) {
        let known = listings.compactMap(\.self)
        self.init(isComplete: known.count == listings.count && known.allSatisfy(\.isComplete)) { name in
            known.reduce(nil) { facts, listing in
                guard let others = listing.facts(of: name) else { return facts }
                return facts?.completed(by: others) ?? others
            }
        }
    }

    /// What the directory knows of the interface of that name; nil where it knows nothing.
    package func facts(of name: String) -> PortFacts? { find(name) }
}

extension PortListing: ExpressibleByDictionaryLiteral {
    package init(_ facts: [String: PortFacts]) { self.init { facts[$0] } }

    package init(dictionaryLiteral facts: (String, PortFacts)...) {
        self.init(Dictionary(facts) { $1 })
    }
}
