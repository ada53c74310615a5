// SPDX-License-Identifier: Apache-2.0

/// Random numbers for names and secrets of hashes: the system's, unless a simulation runs in this task.
package enum RandomBits {
    package protocol Source: Sendable {
        func next() -> UInt64
    }

    /// Not a function: Swift 6.3.1 passes no type for one to `withValue` in a release build, which crashes.
    @TaskLocal package static var source: any Source = SystemSource()

    package static func next() -> UInt64 { source.next() }

    private struct SystemSource: Source {
        func next() -> UInt64 { .random(in: 0...(.max)) }
    }
}
