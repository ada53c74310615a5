// SPDX-License-Identifier: Apache-2.0

/// Why bytes are not a Parquet file that can be read.
package enum ParquetError: Error, Equatable, CustomStringConvertible {
    /// The file is cut, or contradicts itself; a sentence without its subject.
    case damaged(String)
    /// It is Parquet, and has something that this reader does not read.
    case unsupported(String)

    package var description: String {
        switch self {
        case .damaged(let what): "is damaged: \(what)"
        case .unsupported(let what): "cannot be read: \(what)"
        }
    }
}
