// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import SystemPackage

/// How often the daemon was started on one state directory: a number in a file there.
enum StartCounter {
    /// Counts this start, and returns how many there were before; nil where the directory cannot be written, which is
    /// no reason not to measure.
    static func countStart(in directory: String) -> UInt64? {
        guard let folder = try? HeldFolder(FilePath(directory), .ours, create: 0o700) else { return nil }
        let text = String(decoding: (try? folder.read("starts")) ?? [], as: UTF8.self)
        let before = UInt64(text.prefix { $0.isNumber }) ?? 0
        do throws(Errno) { try folder.replace("starts", with: Array("\(before + 1)\n".utf8)) } catch { return nil }
        return before
    }
}
