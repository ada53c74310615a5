// SPDX-License-Identifier: Apache-2.0

/// A result that must not be believed.
struct BenchFailure: Error, CustomStringConvertible {
    let description: String
}
