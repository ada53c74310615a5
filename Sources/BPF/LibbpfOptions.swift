// SPDX-License-Identifier: Apache-2.0

extension MemoryLayout {
    /// The size of a libbpf options struct up to and with its last field: what its `sz` must say.
    ///
    /// libbpf refuses with EINVAL what is not zero beyond the fields that it knows. That is the padding at the end, too,
    /// which Swift does not keep when it copies a struct.
    package static func size<Field>(through last: KeyPath<T, Field>) -> Int {
        guard let offset = offset(of: last) else { preconditionFailure("not a stored field") }
        return offset + MemoryLayout<Field>.size
    }
}
