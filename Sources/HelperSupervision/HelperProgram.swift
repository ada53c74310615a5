// SPDX-License-Identifier: Apache-2.0

/// What a helper is told when it starts: a line of JSON. A helper that has another plan than the supervisor is started anew.
package protocol HelperPlan: Encodable, Equatable, Sendable {
    /// Whether there is work for a process at all.
    var needsProcess: Bool { get }
    /// Whether the helper has the daemon's standard output.
    var printsLines: Bool { get }
    /// Makes what the helper cannot make without privileges.
    func prepare() throws
}

/// A program that the daemon starts, and how it is ended.
package struct HelperProgram: Sendable {
    /// What the daemon's log calls it; also its file, beside the daemon's own program.
    package var name: String
    /// Where it is; nil: beside the daemon's own program.
    package var path: String?
    /// The name of the thread that follows it.
    package var thread: String
    /// The line that asks it to do what is left, and to end.
    package var finishLine: String
    /// The exit status by which it asks to be started again at once.
    package var restartStatus: Int32
    /// How long a start waits for the first report.
    package var longestStart = Duration.seconds(80)
    /// A helper that takes longer to end is killed.
    package var longestFinish = Duration.seconds(60)

    package init(name: String, path: String? = nil, thread: String, finishLine: String, restartStatus: Int32) {
        self.name = name
        self.path = path
        self.thread = thread
        self.finishLine = finishLine
        self.restartStatus = restartStatus
    }
}

/// What a line of a helper says of the helper.
package enum HelperWord: Equatable, Sendable {
    case works
    case failed(String)
    /// It is none that this daemon knows.
    case unreadable
}
