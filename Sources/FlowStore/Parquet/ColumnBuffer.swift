// SPDX-License-Identifier: Apache-2.0

/// The values of one column in the row group that is being filled: for each value that is not null, the place of it among the
/// different values.
package struct ColumnBuffer {
    package let column: ParquetColumn
    private(set) var indices: [UInt32] = []
    var numbers = IntDictionary()
    var texts = TextDictionary()
    private(set) var presence = PresenceRuns()
    /// Places of texts that came as strings.
    private var known: [String: UInt32] = [:]
    /// Places of words, by the number that the caller has for each.
    private var words = [UInt32](repeating: .max, count: Self.mostWords)

    private static let mostWords = 8

    package init(_ column: ParquetColumn) { self.column = column }

    package var rows: Int { presence.rows }

    package mutating func appendNull() { presence.append(false) }

    package mutating func append(_ number: Int64) {
        indices.append(numbers.index(of: number))
        presence.append(true)
    }

    package mutating func append(_ truth: Bool) { append(truth ? 1 : 0) }

    /// A value that was added before; see `add`.
    package mutating func append(at index: UInt32) {
        indices.append(index)
        presence.append(true)
    }

    /// nil is null.
    package mutating func append(_ text: String?) {
        guard let text else { return appendNull() }
        append(at: place(of: text))
    }

    /// A word of a few, which the caller numbers from 0 on.
    @inline(__always)
    package mutating func append(word number: UInt8, _ text: @autoclosure () -> StaticString) {
        if words[Int(number)] == .max { words[Int(number)] = place(of: "\(text())") }
        append(at: words[Int(number)])
    }

    /// The place of a text among the different ones. It holds until the row group ends.
    package mutating func place(of text: String) -> UInt32 {
        if let index = known[text] { return index }
        let index = texts.add(text.utf8)
        known[text] = index
        return index
    }

    /// Adds a text that its owner knows is not there yet.
    package mutating func add(_ text: some Sequence<UInt8>) -> UInt32 { texts.add(text) }

    /// Begins the next row group.
    package mutating func removeAll() {
        indices.removeAll(keepingCapacity: true)
        numbers.removeAll()
        texts.removeAll()
        known.removeAll(keepingCapacity: true)
        words = [UInt32](repeating: .max, count: Self.mostWords)
        presence = PresenceRuns()
    }
}

/// Which rows have a value, as runs: most columns have all or none.
struct PresenceRuns {
    struct Run: Equatable {
        var isPresent: Bool
        var count: Int
    }

    private(set) var runs: [Run] = []
    private(set) var rows = 0

    mutating func append(_ isPresent: Bool) {
        rows += 1
        if let last = runs.indices.last, runs[last].isPresent == isPresent {
            runs[last].count += 1
        } else {
            runs.append(Run(isPresent: isPresent, count: 1))
        }
    }

    /// Takes so many rows from the front.
    mutating func take(_ count: Int) -> [Run] {
        var taken: [Run] = []
        var left = count
        var used = 0
        while left > 0, used < runs.count {
            let part = min(left, runs[used].count)
            taken.append(Run(isPresent: runs[used].isPresent, count: part))
            left -= part
            if part == runs[used].count { used += 1 } else { runs[used].count -= part }
        }
        runs.removeFirst(used)
        rows -= count - left
        return taken
    }
}
