// SPDX-License-Identifier: Apache-2.0

import Foundation

/// How often the daemon was started on one state directory: a number in a file there.
enum StartCounter {
    /// Counts this start, and returns how many there were before; nil where the directory cannot be written, which is
    /// no reason not to measure.
    static func countStart(in directory: String) -> UInt64? {
        let file = URL(filePath: directory).appending(path: "starts")
        let before = (try? String(contentsOf: file, encoding: .utf8)).flatMap { UInt64($0.prefix { $0.isNumber }) } ?? 0
        do {
            try FileManager.default.createDirectory(
                atPath: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
            try Data("\(before + 1)\n".utf8).write(to: file, options: .atomic)
            return before
        } catch {
            return nil
        }
    }
}
