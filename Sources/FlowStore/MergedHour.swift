// SPDX-License-Identifier: Apache-2.0

/// What the metadata of a merged file says of its windows.
enum MergedHour {
    /// Of the metadata.
    static let key = "weir.windows"

    /// Sorted, so that the same windows give the same text.
    static func names(_ windows: [WindowIdentity]) -> String {
        windows.sorted().map(\.description).joined(separator: " ")
    }

    static func identities(_ names: String) -> [WindowIdentity] {
        names.split(separator: " ").compactMap { WindowIdentity($0) }
    }
}
