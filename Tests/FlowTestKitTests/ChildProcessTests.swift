// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

@Suite("Child processes")
struct ChildProcessTests {
    @Test func output_errors_and_status_are_kept_apart() throws {
        let result = try ChildProcess.outcome(of: ["sh", "-c", "echo out; echo err >&2; exit 3"])
        #expect(result.output == "out\n")
        #expect(result.errors == "err\n")
        #expect(result.status == 3)
    }

    @Test func a_failure_says_what_the_program_said() {
        #expect(throws: ChildProcess.Failure.self) { try ChildProcess.run(["sh", "-c", "echo no >&2; exit 1"]) }
    }

    @Test func output_longer_than_a_pipe_is_whole() throws {
        #expect(try ChildProcess.run(["seq", "100000"]).utf8.count == 588_895)
    }

    @Test func a_program_that_ignores_the_signal_is_killed() throws {
        let child = try ChildProcess(["sh", "-c", "trap '' TERM; echo ready; while :; do sleep 0.1; done"])
        try waitUntil("it is ready") { child.output == "ready\n" }
        let result = child.stop(grace: .milliseconds(100))
        #expect(result.status == 128 + SIGKILL)
        #expect(!FileManager.default.fileExists(atPath: "/proc/\(child.pid)"))
    }

    @Test func a_program_that_takes_too_long_is_ended() throws {
        #expect(throws: TimedOut.self) { try ChildProcess.run(["sleep", "60"], within: .milliseconds(50)) }
    }

    @Test func a_signal_is_told_from_a_status() throws {
        let child = try ChildProcess(["sleep", "60"])
        #expect(child.isRunning)
        #expect(child.stop().status == 128 + SIGTERM)
    }
}
