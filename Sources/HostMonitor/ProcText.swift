// SPDX-License-Identifier: Apache-2.0

/// Reads the text files of `/proc` (proc(5)). A field that is missing, or is no number, is 0: kernels add fields, and some leave files out.
enum ProcText {
    /// The fields of each line.
    static func lines(_ text: String) -> [[Substring]] {
        text.split(separator: "\n").map { $0.split { $0 == " " || $0 == "\t" } }
    }

    /// The lines of a file of `name number` or `name: number unit`.
    static func numbers(_ text: String) -> [Substring: UInt64] {
        lines(text).reduce(into: [:]) { numbers, fields in
            guard fields.count >= 2, let number = UInt64(fields[1]) else { return }
            numbers[fields[0].last == ":" ? fields[0].dropLast() : fields[0]] = number
        }
    }
}

extension [Substring] {
    func number(_ index: Int) -> UInt64 { index < count ? UInt64(self[index]) ?? 0 : 0 }
}
