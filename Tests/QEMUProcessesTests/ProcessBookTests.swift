// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Host
import Testing

@testable import QEMUProcesses

/// Real processes that are called as QEMU is: a shell under another name, which waits.
@Suite struct ProcessBookTests {
    private final class Shell {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weir-qemu-\(UUID().uuidString)")

        init() throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let shell = URL(filePath: "/bin/sh").resolvingSymlinksInPath().path
            try FileManager.default.copyItem(atPath: shell, toPath: program)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        var program: String { folder.appending(path: "qemu-system-x86_64").path }

        /// The shell waits until it is ended, without a process of its own; what stands behind its script, it passes over.
        func words(_ arguments: String) -> [String] {
            let fifo = folder.appending(path: UUID().uuidString).path
            return [program, "-c", #"mkfifo "$0" && read x <>"$0""#, fifo]
                + arguments.split(separator: " ").map { String($0) }
        }

        func start(_ arguments: String, behind wrapper: [String] = []) throws -> ChildProcess {
            let child = try ChildProcess(wrapper + words(arguments))
            try waitUntil("\(child.pid) is called so") { QEMUProcess.command(of: child.pid) == "qemu-system-x86" }
            return child
        }
    }

    private static func find(_ book: ProcessBook, _ child: ChildProcess) -> QEMUProcess? {
        book.processes.first { $0.pid == child.pid }
    }

    @Test func `a process is found, kept, and forgotten when it has ended`() throws {
        let shell = try Shell()
        var book = ProcessBook()
        let child = try shell.start("-name web-1 -nic tap,ifname=tap7")
        book.look(isThorough: false)
        let found = try #require(Self.find(book, child))
        #expect(found.line.name == "web-1" && found.line.cards.count == 1 && found.credentials.user == getuid())
        book.look(isThorough: true)
        #expect(Self.find(book, child) == found)
        let second = try shell.start("-name web-2 -nic tap,ifname=tap7")
        child.stop(SIGKILL)
        book.look(isThorough: false)
        #expect(Self.find(book, child) == nil && Self.find(book, second)?.line.name == "web-2")
        #expect(try #require(Self.find(book, second)).started >= found.started)
    }

    @Test func `what is read of a process is read once`() throws {
        var book = ProcessBook()
        let shell = try Shell()
        let child = try shell.start("-name web-1")
        book.look(isThorough: true)
        let later = ContinuousClock.now + .seconds(40)
        let before = book.namesRead
        book.look(isThorough: false, now: later)
        let news = book.namesRead - before
        book.look(isThorough: true, now: later)
        let all = book.namesRead - before - news
        // Others may have begun meanwhile.
        #expect(Self.find(book, child) != nil && all > 20 && news < all / 2, "\(news) of \(all)")
    }

    @Test func `a process that becomes QEMU late is found by a thorough look`() throws {
        let shell = try Shell()
        let go = shell.folder.appending(path: "go")
        let child = try ChildProcess(
            ["sh", "-c", "while [ ! -e \(go.path) ]; do sleep 0.01; done; exec \"$@\"", "x"] + shell.words("-name late")
        )
        var book = ProcessBook()
        book.look(isThorough: false)
        #expect(Self.find(book, child) == nil)
        try Data().write(to: go)
        try waitUntil("it is called so") { QEMUProcess.command(of: child.pid) == "qemu-system-x86" }
        let later = ContinuousClock.now + .seconds(40)
        book.look(isThorough: false, now: later)
        #expect(Self.find(book, child) == nil)
        book.look(isThorough: true, now: later)
        #expect(Self.find(book, child)?.line.name == "late")
    }

    @Test func `a process that is stopped is read`() throws {
        let shell = try Shell()
        let child = try shell.start("-name stopped")
        child.signal(SIGSTOP)
        defer { child.signal(SIGCONT) }
        var book = ProcessBook()
        book.look(isThorough: false)
        #expect(Self.find(book, child)?.line.name == "stopped")
    }

    @Test func `a process of another network namespace is none, also where nothing of it may be traced`() throws {
        try #require(getuid() == 0)
        let namespace = try NetworkNamespace()
        let shell = try Shell()
        let there = try shell.start("-name there", behind: ["nsenter", "--net=\(namespace.path)"])
        let here = try shell.start("-name here")
        let look: @Sendable () -> [Int32] = {
            var book = ProcessBook()
            book.look(isThorough: true)
            return book.processes.map(\.pid)
        }
        let found = try HostThread(named: "test", privileges: .none) { look() }.wait()
        #expect(found.contains(here.pid) && !found.contains(there.pid))
        let inside = try namespace.inside { look() }
        #expect(inside.contains(there.pid) && !inside.contains(here.pid))
        let unread = HostThread(named: "test", privileges: .none) { ProcFile.bytes("/proc/1/fdinfo/0", atMost: 9) }
        #expect(try unread.wait() == nil)
    }
}
