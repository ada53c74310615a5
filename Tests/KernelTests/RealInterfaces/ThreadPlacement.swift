// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
internal import Foundation

/// Keeps the calling thread on one CPU: it would not get its turn on one where a program is at work.
struct ThreadPlacement {
    private let thread: String
    private let before: String

    init(on cpu: Int) throws {
        let path = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/thread-self")
        thread = String(path.split(separator: "/").last ?? "")
        // "pid 12's current affinity list: 0,1"
        let shown = try ChildProcess.run(["taskset", "-p", "-c", thread])
        before = shown.split(separator: " ").last.map { $0.filter { !$0.isWhitespace } } ?? ""
        try ChildProcess.run(["taskset", "-p", "-c", "\(cpu)", thread])
    }

    /// Lets it run where it could before.
    func end() { _ = try? ChildProcess.run(["taskset", "-p", "-c", before, thread]) }
}
