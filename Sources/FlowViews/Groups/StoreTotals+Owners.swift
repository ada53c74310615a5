// SPDX-License-Identifier: Apache-2.0

import FlowStore

extension StoreTotals {
    /// The same with one group for each machine and project, where the fields ask for these.
    ///
    /// A machine is known by its identifier; by its name where that is not known; by its port where neither is. A machine that was
    /// renamed, or whose name became known later, has the name of its newest record.
    func ofOwners(_ fields: [GroupField]) -> StoreTotals {
        guard fields.contains(.machine) || fields.contains(.project) else { return self }
        var names: [Owner: (name: StoredValue, last: Int64)] = [:]
        for group in groups {
            for owner in fields.split(group.values).compactMap(Owner.init) where owner.name != .null {
                let found = (name: owner.name, last: group.counts.last)
                if let known = names[owner], (known.last, "\(known.name)") > (found.last, "\(found.name)") { continue }
                names[owner] = found
            }
        }
        var counts: [Place: Counts] = [:]
        for group in groups {
            let values = fields.split(group.values).flatMap { field, values in
                guard let owner = Owner(field, values) else { return Array(values) }
                return owner.values(name: names[owner]?.name ?? .null)
            }
            counts[Place(values: values, bucket: group.bucket), default: Counts()].add(group.counts)
        }
        return StoreTotals(
            groups: counts.map { Group(values: $0.key.values, bucket: $0.key.bucket, counts: $0.value) })
    }

    private struct Place: Hashable {
        let values: [StoredValue]
        let bucket: Int64?
    }

    /// A machine or a project of a group. Two with the same identifier are the same.
    private struct Owner: Hashable {
        let field: GroupField
        let name: StoredValue
        /// Of the columns after the name.
        private let known: [StoredValue]

        /// nil where the field is a column.
        init?(_ field: GroupField, _ values: ArraySlice<StoredValue>) {
            if case .column = field { return nil }
            self.field = field
            name = values.first ?? .null
            var rest = Array(values.dropFirst())
            let isKnown = name != .null || rest.first != .null
            // The port stands for a machine only where nothing else does.
            if isKnown, rest.count > 1 { rest[1] = .null }
            known = rest
        }

        private var identity: [StoredValue] { known.first == .null ? [name] + known : known }

        static func == (left: Owner, right: Owner) -> Bool {
            left.field == right.field && left.identity == right.identity
        }

        func hash(into hasher: inout Hasher) {
            hasher.combine(field)
            hasher.combine(identity)
        }

        func values(name: StoredValue) -> [StoredValue] { [name] + known }
    }
}
