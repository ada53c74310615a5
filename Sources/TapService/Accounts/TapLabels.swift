// SPDX-License-Identifier: Apache-2.0

/// What the records of a ring call the sessions that their copies are of. A session whose destination is another one has another label, so
/// that copies which lie in the ring go where they were taken for.
package struct TapLabels: Codable, Equatable, Sendable {
    private struct Entry: Codable, Equatable {
        var label: UInt16
        var session: String
        var destination: String
    }

    /// In the order in which they were given.
    private var entries: [Entry] = []
    private var last: UInt16 = 0

    /// Of labels that no session has any more, the newest are known for so long.
    private static let mostRetired = 1024

    package init() {}

    /// The label of a session with a destination: 1 to 65535. A label that is free again is used as late as possible.
    package mutating func label(of session: String, to destination: String) -> UInt16 {
        if let entry = entries.last(where: { $0.session == session && $0.destination == destination }) {
            return entry.label
        }
        // There are fewer entries than numbers.
        repeat { last = last == .max ? 1 : last + 1 } while entries.contains { $0.label == last }
        entries.append(Entry(label: last, session: session, destination: destination))
        return last
    }

    /// The session that had the label last; nil where that is not known any more.
    package func session(of label: UInt16) -> String? { entries.first { $0.label == label }?.session }

    /// Forgets the oldest labels that are not among these.
    package mutating func keep(_ labels: Set<UInt16>) {
        var excess = entries.count { !labels.contains($0.label) } - Self.mostRetired
        guard excess > 0 else { return }
        entries.removeAll { entry in
            guard excess > 0, !labels.contains(entry.label) else { return false }
            excess -= 1
            return true
        }
    }
}
