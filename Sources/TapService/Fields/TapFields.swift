// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// The fields of a request, taken one after the other: what a creation leaves out has its default, what an update leaves out stays.
package struct TapFields {
    /// As sentences call it: `tap flow`.
    package let subject: String
    private var values: [String: TapJSON]
    /// All that were asked for.
    private var known: [String] = []

    /// - Parameter values: by their names; `-` and `_` are the same.
    package init(_ subject: String, _ values: [String: TapJSON]) {
        self.subject = subject
        self.values = Dictionary(values.map { ($0.key.lowercased().replacing("-", with: "_"), $0.value) }) { $1 }
    }

    /// Takes a field under the first of its names that is there.
    package mutating func take(_ names: String...) -> TapJSON? { take(names) }

    private mutating func take(_ names: [String]) -> TapJSON? {
        known += names
        guard let name = names.first(where: { values[$0] != nil }) else { return nil }
        return values.removeValue(forKey: name)
    }

    /// Takes what there must be a value of: null is refused.
    package mutating func take<Value>(
        _ names: String..., into target: inout Value, _ reader: TapReader<Value>
    ) throws(TapError) {
        guard let value = take(names) else { return }
        target = try read(value, names[0], reader)
    }

    /// Takes what there may be a value of: null, and an empty text, take it away.
    package mutating func take<Value>(
        _ names: String..., into target: inout Value?, _ reader: TapReader<Value>
    ) throws(TapError) {
        guard let value = take(names) else { return }
        if value == .null || value == .text("") {
            target = nil
        } else {
            target = try read(value, names[0], reader)
        }
    }

    private func read<Value>(
        _ value: TapJSON, _ name: String, _ reader: TapReader<Value>
    ) throws(TapError) -> Value {
        guard let read = reader.read(value) else {
            throw TapError(.wrong, "\(name) of a \(subject) must be \(reader.form), not \(value)")
        }
        return read
    }

    /// - Throws: where the request has a field that the object does not have.
    package func finish() throws(TapError) {
        guard let name = values.keys.min() else { return }
        let near = nearestWord(to: name, among: known).map { "; \($0) is meant, perhaps" } ?? ""
        throw TapError(.wrong, "a \(subject) has no field \(name)\(near)")
    }
}
