// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Glibc
import Host
import Synchronization
import Testing

/// What a helper can still do: a thread gives up all that `weir-export` does, and tries. Needs root, who could do it before.
@Suite(.enabled(if: KernelAccess.isExpected)) struct ConfinementTests {
    /// 0, or errno.
    private static func code(_ result: CInt) -> CInt { result < 0 ? errno : 0 }

    private static func open(_ path: String, _ flags: CInt) -> CInt {
        let file = unsafe Glibc.open(path, flags | O_CLOEXEC, 0o600)
        defer { if file >= 0 { close(file) } }
        return code(file)
    }

    private static func connect() -> CInt {
        let socket = Glibc.socket(AF_INET, CInt(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(9).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        return unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                code(unsafe Glibc.connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)))
            }
        }
    }

    /// What became of each attempt, 0 or errno.
    private static func attempts(_ folder: String) -> [String: CInt] {
        [
            "read the store": open(folder + "/store/file", O_RDONLY),
            "write the store": open(folder + "/store/file", O_WRONLY),
            "make a file in the store": open(folder + "/store/new", O_WRONLY | O_CREAT),
            "remove from the store": code(unsafe unlink(folder + "/store/file")),
            "make a file of its own": open(folder + "/own/new", O_WRONLY | O_CREAT),
            "rename a file of its own": code(unsafe rename(folder + "/own/new", folder + "/own/newer")),
            "remove a file of its own": code(unsafe unlink(folder + "/own/newer")),
            "read another file": open("/etc/passwd", O_RDONLY),
            "look at pins": open("/sys/fs/bpf", O_RDONLY | O_DIRECTORY),
            "look at processes": open("/proc/1/status", O_RDONLY),
            "mount": code(unsafe mount("none", folder + "/own", "tmpfs", 0, nil)),
            "signal another process": code(kill(getppid(), 0)),
            "connect": connect(),
        ]
    }

    @Test func `a helper reads the store, writes its own folders, and can do nothing else`() throws {
        let folder = "/tmp/weir-t-confined-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in ["store", "own"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try Data("x".utf8).write(to: URL(filePath: folder + "/store/file"))
        let thread = HostThread(named: "confined") { () throws -> (Bool, [String: CInt]) in
            let isConfined = try Confinement.enter(reading: [folder + "/store"], writing: [folder + "/own"])
            return (isConfined, Self.attempts(folder))
        }
        let (isConfined, outcomes) = try thread.wait()
        try #require(isConfined, "the tests take a kernel with Landlock")
        for (attempt, outcome) in outcomes {
            switch attempt {
            case "read the store", "make a file of its own", "rename a file of its own", "remove a file of its own":
                #expect(outcome == 0, "\(attempt)")
            case "mount": #expect(outcome == EPERM, "\(attempt): \(outcome)")
            // Since Linux 6.7 and 6.12.
            case "connect": #expect([EACCES, ECONNREFUSED].contains(outcome), "\(attempt): \(outcome)")
            case "signal another process": #expect([EPERM, 0].contains(outcome), "\(attempt): \(outcome)")
            default: #expect(outcome == EACCES, "\(attempt): \(outcome)")
            }
        }
        #expect(FileManager.default.fileExists(atPath: folder + "/store/file"))
    }
}
