// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is said while a run goes on, which takes minutes.
enum Progress {
    /// On standard error: standard output is the report's.
    static func say(_ text: String) { FileHandle.standardError.write(Data("weir-bench: \(text)\n".utf8)) }
}
