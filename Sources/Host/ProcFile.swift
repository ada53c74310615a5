// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Small text files of /proc and /sys.
package enum ProcFile {
    /// Reads the whole file.
    package static func read(_ path: String) throws(KernelError) -> String {
        let descriptor = try Descriptor.open(path, flags: O_RDONLY)
        var bytes: [UInt8] = []
        while true {
            let chunk = try descriptor.read(upTo: 4096, from: path)
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return String(decoding: bytes, as: UTF8.self)
    }

    /// Reads the beginning of a file that is long, and costs the kernel time: 4 KiB at most.
    package static func readBeginning(_ path: String) throws(KernelError) -> String {
        String(decoding: try Descriptor.open(path, flags: O_RDONLY).read(upTo: 4096, from: path), as: UTF8.self)
    }

    /// The first bytes of a file; nil where it cannot be read.
    package static func bytes(_ path: String, atMost count: Int) -> [UInt8]? {
        guard let descriptor = try? Descriptor.open(path, flags: O_RDONLY) else { return nil }
        var bytes: [UInt8] = []
        while bytes.count < count {
            guard let chunk = try? descriptor.read(upTo: min(4096, count - bytes.count), from: path) else { return nil }
            if chunk.isEmpty { break }
            bytes += chunk
        }
        return bytes
    }

    /// The inode number of a file; nil where it is not to be seen.
    package static func inode(_ path: String) -> UInt64? {
        var status = stat()
        return unsafe stat(path, &status) == 0 ? UInt64(status.st_ino) : nil
    }

    /// The number behind `name:` in a file of such lines.
    package static func number(named name: String, in path: String) -> UInt64? {
        guard let text = try? read(path) else { return nil }
        for line in text.split(separator: "\n") where line.hasPrefix(name + ":") {
            let digits = line.dropFirst(name.count + 1).drop { !$0.isNumber }.prefix { $0.isNumber }
            return UInt64(digits)
        }
        return nil
    }

    /// What a process is called; nil where that is not to be seen.
    package static func command(of process: Int32) -> String? {
        (try? read("/proc/\(process)/comm")).map { String($0.prefix { !$0.isNewline }) }
    }

    /// Bytes of memory that this process has for itself (proc(5), RssAnon): not the kernel's maps that it looks into, nor programs
    /// and libraries.
    package static var residentBytes: UInt64? { number(named: "RssAnon", in: "/proc/self/status").map { $0 * 1024 } }
}
