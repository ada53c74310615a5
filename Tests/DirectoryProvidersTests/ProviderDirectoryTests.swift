// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Logging
import PortDirectory
import Synchronization
import Testing

@testable import DirectoryProviders

/// Each provider is a real program: a shell script.
@Suite(.ownThread) struct ProviderDirectoryTests {
    private final class Site {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weir-provider-\(UUID().uuidString)")
        let directory = ProviderDirectory(logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })

        init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

        deinit {
            directory.end()
            try? FileManager.default.removeItem(at: folder)
        }

        func provider(_ name: String, _ script: String) -> ProviderChoice {
            ProviderChoice(name: name, command: ["/bin/sh", "-c", "cd \(folder.path)\n\(script)"])
        }

        func instance(_ interface: String) -> String? {
            directory.listing?.facts(of: interface)?.identity.instanceID
        }

        func file(_ name: String) -> String? {
            (try? String(contentsOf: folder.appending(path: name), encoding: .utf8))?
                .trimmingCharacters(in: .whitespacesAndNewlines)
        }

        func status(_ name: String) -> ProviderReport? { directory.reports.first { $0.name == name } }

        /// Waits until the condition holds; bounded.
        func wait(until condition: () -> Bool) {
            for _ in 0..<3000 where !condition() { Thread.sleep(forTimeInterval: 0.01) }
            #expect(condition())
        }
    }

    private static func line(_ name: String, _ instance: String) -> String {
        #"echo '{"interface": "\#(name)", "instance_id": "\#(instance)", "measure": true}'"#
    }

    @Test func `what a provider prints is what the directory says, and it ends with the directory`() throws {
        let site = try Site()
        #expect(site.directory.listing?.isComplete == true)
        #expect(site.directory.name.isEmpty)
        site.directory.configure([
            site.provider("inventory", "echo $$ > pid; \(Self.line("tap1", "i-1")); sleep 600 & echo $! > child; wait")
        ])
        #expect(site.directory.name == "inventory")
        site.wait { site.instance("tap1") == "i-1" && site.file("child") != nil }
        #expect(site.directory.listing?.isComplete == false)
        #expect(site.status("inventory")?.interfaces == 1)
        #expect(site.status("inventory")?.pid.map(String.init) == site.file("pid"))
        let child = try #require(site.file("child").flatMap { Int32($0) })
        #expect(kill(child, 0) == 0)
        site.directory.end()
        // init reaps what the shell has started.
        site.wait {
            kill(child, 0) != 0
                || (try? String(contentsOfFile: "/proc/\(child)/stat", encoding: .utf8).contains(") Z ")) == true
        }
        // What it said last holds.
        #expect(site.instance("tap1") == "i-1")
    }

    @Test func `it has no capabilities, no way to any, and no descriptor but its three`() throws {
        let site = try Site()
        site.directory.configure([
            site.provider(
                "inventory",
                "grep -E '^(CapEff|CapPrm|NoNewPrivs)' /proc/self/status > status; ls /proc/self/fd > fds; : > done; sleep 600"
            )
        ])
        site.wait { site.file("done") != nil }
        #expect(
            site.file("status")
                == "CapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nNoNewPrivs:\t1")
        // The fourth is that of the folder that ls reads.
        #expect(site.file("fds") == "0\n1\n2\n3")
    }

    @Test func `the first provider that knows a fact has it, and each fact goes by itself`() throws {
        let site = try Site()
        site.directory.configure([
            site.provider("one", #"echo '{"interface": "tap1", "instance_id": "i-1", "measure": false}'; sleep 600"#),
            site.provider(
                "two",
                #"echo '{"interface": "tap1", "instance_id": "i-2", "vpc_id": "vpc-2", "measure": true}'; sleep 600"#),
        ])
        site.wait { site.directory.listing?.facts(of: "tap1")?.identity.vpcID != nil && site.instance("tap1") == "i-1" }
        #expect(site.directory.listing?.facts(of: "tap1")?.measuring == .never)
        #expect(site.directory.name == "one or two")
    }

    @Test func `rubbish is counted, and what is right in between is taken`() throws {
        let site = try Site()
        site.directory.configure([
            site.provider(
                "rubbish",
                #"head -c 100000 /dev/urandom | tr -d '\n'; echo; printf 'x\n{"interface": 3}\n\n'; \#(Self.line("tap1", "i-1")); sleep 600"#
            )
        ])
        site.wait { site.instance("tap1") == "i-1" }
        let status = try #require(site.status("rubbish"))
        #expect(status.linesRefused == 3 && status.linesPrinted == 4)
        #expect(status.lastRefusal == "interface must be a text")
    }

    @Test func `a line of a hundred megabytes costs one line, and the next one is taken`() throws {
        let site = try Site()
        site.directory.configure([
            site.provider(
                "endless", "head -c 100000000 /dev/zero | tr '\\0' a; echo; \(Self.line("tap1", "i-1")); sleep 600")
        ])
        site.wait { site.instance("tap1") == "i-1" }
        let status = try #require(site.status("endless"))
        #expect(status.linesRefused == 1 && status.linesPrinted == 2)
        #expect(status.lastRefusal == "it has more than 65536 bytes")
    }

    @Test func `a flood waits in the pipe, and the others are heard`() throws {
        let site = try Site()
        site.directory.configure([
            site.provider("flood", #"exec yes '{"interface": "tap1", "instance_id": "i-1"}'"#),
            site.provider("calm", "sleep 1; \(Self.line("tap2", "i-2")); sleep 600"),
        ])
        site.wait { site.status("flood")?.isHeldBack == true && site.instance("tap2") == "i-2" }
        #expect(site.instance("tap1") == "i-1")
        // What was allowed at once, what a second allows, and what one more look at the pipe gives.
        let before = try #require(site.status("flood")?.linesPrinted)
        Thread.sleep(forTimeInterval: 2)
        let after = try #require(site.status("flood")?.linesPrinted)
        #expect(after - before < 20_000)
    }

    @Test func `a provider that dies is started again, ever less often, and its last words are told`() throws {
        let site = try Site()
        site.directory.configure([
            site.provider(
                "dying", "echo run >> runs; \(Self.line("tap1", "i-1")); echo 'no such inventory' >&2; exit 3")
        ])
        site.wait { site.status("dying")?.restarts == 2 }
        #expect(site.status("dying")?.failure == "it ended with status 3; it said: no such inventory")
        #expect(site.instance("tap1") == "i-1")
        #expect(site.directory.listing?.isComplete == false)
    }

    @Test func `a program that is not there is told of`() throws {
        let site = try Site()
        site.directory.configure([ProviderChoice(name: "absent", command: ["/nonexistent/inventory"])])
        site.wait { site.status("absent")?.failure != nil }
        #expect(
            site.status("absent")?.failure?.hasPrefix("cannot start /nonexistent/inventory: ") == true)
    }

    @Test func `a program that ends with status 0 has told all, and is run again`() throws {
        let site = try Site()
        var choice = site.provider(
            "once",
            #"echo run >> runs; printf '{"interface": "tap%s", "instance_id": "i-1"}\n' $(wc -l < runs)"#)
        choice.every = .seconds(1)
        site.directory.configure([choice])
        site.wait { site.instance("tap1") == "i-1" && site.directory.listing?.isComplete == true }
        site.wait { site.instance("tap2") == "i-1" && site.instance("tap1") == nil }
        #expect(site.status("once")?.restarts == 0)
        #expect(site.status("once")?.failure == nil)
    }

    @Test func `a provider that hangs is started again where it may not be silent`() throws {
        let site = try Site()
        var choice = site.provider("hanging", "trap '' TERM; echo run >> runs; while :; do sleep 600; done")
        choice.silence = .seconds(1)
        site.directory.configure([choice])
        site.wait { site.file("runs") == "run\nrun" }
        #expect(site.status("hanging")?.restarts == 1)
    }

    @Test func `ten thousand interfaces are known, and forgotten`() throws {
        let site = try Site()
        site.directory.configure([
            site.provider(
                "large",
                #"""
                seq 10000 | sed 's/.*/{"interface": "t&", "instance_id": "i-&"}/'; echo '{"complete": true}'
                while [ ! -e go ]; do sleep 0.1; done
                seq 10000 | sed 's/.*/{"interface": "t&", "gone": true}/'; sleep 600
                """#)
        ])
        site.wait { site.directory.listing?.isComplete == true }
        #expect((1...10_000).allSatisfy { site.instance("t\($0)") == "i-\($0)" })
        try Data().write(to: site.folder.appending(path: "go"))
        site.wait { site.status("large")?.interfaces == 0 }
        site.wait { site.instance("t10000") == nil }
        #expect((1...10_000).allSatisfy { site.instance("t\($0)") == nil })
    }

    @Test func `other providers are taken without touching those that stay`() throws {
        let site = try Site()
        let first = site.provider("first", "echo $$ >> first; \(Self.line("tap1", "i-1")); sleep 600")
        let second = site.provider("second", "echo $$ >> second; \(Self.line("tap2", "i-2")); sleep 600")
        site.directory.configure([first, second])
        site.wait { site.instance("tap1") == "i-1" && site.instance("tap2") == "i-2" }
        let pid = try #require(site.file("second").flatMap { Int32($0) })
        site.directory.configure([first])
        #expect(site.instance("tap2") == nil)
        site.wait { kill(pid, 0) != 0 }
        #expect(site.file("first")?.contains("\n") == false)
        #expect(site.instance("tap1") == "i-1")
    }
}
