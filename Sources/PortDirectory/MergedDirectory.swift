// SPDX-License-Identifier: Apache-2.0

/// Several directories as one. Precedence is their order, for each fact by itself.
package struct MergedDirectory: InterfaceDirectory {
    private let directories: [any InterfaceDirectory]

    package init(_ directories: [any InterfaceDirectory]) { self.directories = directories }

    package var isEmpty: Bool { directories.isEmpty }

    package var name: String { directories.map(\.name).filter { !$0.isEmpty }.joined(separator: " or ") }

    /// nil until one of them has said something.
    package var listing: PortListing? {
        let listings = directories.map(\.listing)
        return listings.contains { $0 != nil } ? PortListing(merging: listings) : nil
    }

    package var version: Int { directories.reduce(0) { $0 + $1.version } }

    package func onChange(_ body: @escaping @Sendable () -> Void) {
        for directory in directories { directory.onChange(body) }
    }
}
