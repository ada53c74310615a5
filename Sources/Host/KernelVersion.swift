// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A kernel's version as far as features go by it: the first two numbers.
package struct KernelVersion: Comparable, Sendable, CustomStringConvertible {
    package let major: Int
    package let minor: Int

    package init(_ major: Int, _ minor: Int) {
        self.major = major
        self.minor = minor
    }

    /// Reads a release such as `6.1.0-25-amd64`; nil where it does not begin with two numbers.
    package init?(release: String) {
        let parts = release.split(separator: ".", maxSplits: 2).prefix(2).map { $0.prefix { $0.isNumber } }
        guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1]) else { return nil }
        self.init(major, minor)
    }

    /// The one that runs here (uname(2)), or nil where it has a name that says no version.
    package static var running: KernelVersion? {
        var names = utsname()
        guard unsafe uname(&names) == 0 else { return nil }
        let release = unsafe withUnsafeBytes(of: names.release) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return KernelVersion(release: release)
    }

    package static func < (left: Self, right: Self) -> Bool {
        (left.major, left.minor) < (right.major, right.minor)
    }

    package var description: String { "\(major).\(minor)" }
}
