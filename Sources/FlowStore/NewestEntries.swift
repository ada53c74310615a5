// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Of records that come in any order the newest, by their window and then by their first packet. Holds at most twice as many as it keeps.
package struct NewestEntries {
    private struct Age: Comparable {
        let window: UnixTime
        let start: UnixTime

        static func < (one: Age, other: Age) -> Bool { (one.window, one.start) < (other.window, other.start) }
    }

    private let most: Int
    private var held: [(age: Age, entry: LogEntry)] = []
    /// What is older is not among them.
    private var oldest: Age?

    package init(most: Int) { self.most = most }

    package mutating func add(_ entry: LogEntry) {
        let age = Age(window: entry.window.start, start: entry.start)
        if let oldest, age < oldest { return }
        held.append((age, entry))
        if held.count / 2 >= most { forgetOlder() }
    }

    private mutating func forgetOlder() {
        // Sorting is stable: of equal ones the last that came is the newest.
        held.sort { $0.age < $1.age }
        guard held.count > most else { return }
        held.removeFirst(held.count - most)
        oldest = held.first?.age
    }

    /// Those that are kept, the oldest first. Goes on with none.
    package mutating func take() -> [LogEntry] {
        forgetOlder()
        defer { (held, oldest) = ([], nil) }
        return held.map(\.entry)
    }
}
