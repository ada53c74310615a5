// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import HelperSupervision
import Host
import Logging
import Synchronization
import Testing

/// Each test has a real child process: a shell script that speaks lines on descriptor 3, and writes down what it is told.
@Suite struct HelperSupervisorTests {
    private struct Plan: HelperPlan {
        var work = "all"
        var needsProcess = true
        var printsLines: Bool { false }
        func prepare() throws {}

        enum CodingKeys: CodingKey { case work }
    }

    private final class Lines: Sendable { let all = Mutex<[String]>([]) }

    /// A script in a folder of its own, and the supervisor of it.
    private final class Site: Sendable {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weir-helper-\(UUID().uuidString)")
        let helper: HelperSupervisor<Plan>
        private let lines = Lines()

        /// - Parameter script: after the plan was read into `$plan`; `$told` is the file that lines may be written to.
        init(_ script: String, _ plan: Plan = Plan(), finishing: Duration = .seconds(20)) throws {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            let path = folder.appending(path: "helper").path
            let head = "#!/bin/sh\ntold=\(folder.path)/told\nread -r plan <&3\necho \"plan $plan\" >> $told\n"
            try Data((head + script).utf8).write(to: URL(filePath: path))
            try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: path)
            var program = HelperProgram(
                name: "helper", path: path, thread: "test-helper", finishLine: "finish", restartStatus: 75)
            program.longestStart = .seconds(20)
            program.longestFinish = finishing
            let lines = lines
            helper = HelperSupervisor(
                program, plan, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
                hasWorked: { true },
                hear: { line in
                    lines.all.withLock { $0.append(line) }
                    if line.hasPrefix("failed ") { return .failed(String(line.dropFirst(7))) }
                    return line == "works" ? .works : .unreadable
                })
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        /// Lines of all its processes.
        var heard: [String] { lines.all.withLock(\.self) }

        var told: [String] {
            let text = try? String(contentsOf: folder.appending(path: "told"), encoding: .utf8)
            return text?.split(separator: "\n").map(String.init) ?? []
        }

        /// Waits until the condition holds; bounded.
        func wait(until condition: () -> Bool) {
            for _ in 0..<1000 where !condition() { Thread.sleep(forTimeInterval: 0.01) }
        }
    }

    private static let loop = """
        echo works >&3
        while read -r line <&3; do
          echo "$line" >> $told
          [ "$line" = finish ] && exit 0
        done

        """

    @Test func `a helper is told its plan, its lines are heard, and it is asked to finish`() throws {
        let site = try Site(Self.loop)
        try site.helper.start()
        #expect(site.heard == ["works"])
        let pid = try #require(site.helper.status.pid)
        #expect(kill(pid, 0) == 0)
        site.helper.tell("stored")
        site.wait { site.told.contains("stored") }
        site.helper.finish()
        #expect(site.told == [#"plan {"work":"all"}"#, "stored", "finish"])
        #expect(kill(pid, 0) != 0)
        #expect(site.helper.status == HelperSupervisor<Plan>.Status())
    }

    @Test func `a helper that is killed is started again, and that is counted`() throws {
        let site = try Site(Self.loop)
        try site.helper.start()
        let first = try #require(site.helper.status.pid)
        kill(first, SIGKILL)
        site.wait { site.heard.count == 2 }
        let status = site.helper.status
        #expect(status.restarts == 1)
        #expect(status.failure == nil)
        #expect(status.pid != first)
        site.helper.finish()
        #expect(site.told == [#"plan {"work":"all"}"#, #"plan {"work":"all"}"#, "finish"])
    }

    @Test func `a helper that asks for it is started again at once, and that is no failure`() throws {
        let site = try Site("[ -e $told.again ] || { touch $told.again; echo works >&3; exit 75; }\n" + Self.loop)
        try site.helper.start()
        site.wait { site.heard.count == 2 }
        #expect(site.helper.status.restarts == 0)
        site.helper.finish()
        #expect(site.told.last == "finish")
    }

    @Test func `another plan is told to another process, when the first has finished`() throws {
        let site = try Site(Self.loop)
        try site.helper.start()
        site.helper.reconfigure(Plan(work: "less"))
        site.wait { site.heard.count == 2 }
        site.helper.finish()
        #expect(site.told == [#"plan {"work":"all"}"#, "finish", #"plan {"work":"less"}"#, "finish"])
    }

    @Test func `a plan without work ends the process, and one with work starts it`() throws {
        let site = try Site(Self.loop, Plan(needsProcess: false))
        try site.helper.start()
        #expect(site.helper.status.pid == nil)
        site.helper.reconfigure(Plan())
        site.wait { site.helper.status.pid != nil && site.heard.count == 1 }
        site.helper.reconfigure(Plan(needsProcess: false))
        site.wait { site.helper.status.pid == nil }
        site.helper.finish()
        #expect(site.told == [#"plan {"work":"all"}"#, "finish"])
    }

    @Test func `a plan that is updated is told by lines to the process that runs, and whole to the next one`() throws {
        let site = try Site(Self.loop, Plan(needsProcess: false))
        site.helper.update(Plan(work: "some"), telling: ["some"])
        site.wait { site.heard.count == 1 }
        site.helper.update(Plan(work: "more"), telling: ["more"])
        site.wait { site.told.contains("more") }
        let pid = try #require(site.helper.status.pid)
        kill(pid, SIGKILL)
        site.wait { site.heard.count == 2 }
        site.helper.update(Plan(work: "none", needsProcess: false), telling: [])
        site.wait { site.helper.status.pid == nil }
        site.helper.finish()
        #expect(site.told == [#"plan {"work":"some"}"#, "more", #"plan {"work":"more"}"#, "finish"])
    }

    @Test func `a helper that no start waits for is started again where it fails at once`() throws {
        let site = try Site(
            "[ -e $told.again ] || { touch $told.again; exit 3; }\n" + Self.loop, Plan(needsProcess: false))
        try site.helper.start()
        site.helper.reconfigure(Plan())
        site.wait { site.heard.count == 1 }
        #expect(site.helper.status.restarts == 1)
        site.helper.finish()
    }

    @Test func `a start fails with what the helper says, and leaves no process`() throws {
        let site = try Site("echo 'failed the folder is another one' >&3\nexit 1\n")
        let error = #expect(throws: HelperFailure.self) { try site.helper.start() }
        #expect(error?.description == "the folder is another one")
        #expect(site.helper.status.pid == nil)
        #expect(site.told.count == 1)
    }

    @Test func `a start fails where the helper ends without a word`() throws {
        let site = try Site("exit 3\n")
        let error = #expect(throws: HelperFailure.self) { try site.helper.start() }
        #expect(error?.description == "it ended with status 3")
    }

    @Test func `a helper that is abandoned is killed without being asked`() throws {
        let site = try Site(Self.loop)
        try site.helper.start()
        let pid = try #require(site.helper.status.pid)
        site.helper.abandon()
        #expect(kill(pid, 0) != 0)
        #expect(site.told == [#"plan {"work":"all"}"#])
    }

    @Test func `a helper that does not finish in time is killed`() throws {
        let site = try Site("echo works >&3\ntrap '' TERM\nwhile :; do sleep 0.1; done\n", finishing: .seconds(1))
        try site.helper.start()
        let pid = try #require(site.helper.status.pid)
        site.helper.finish()
        #expect(kill(pid, 0) != 0)
    }
}
