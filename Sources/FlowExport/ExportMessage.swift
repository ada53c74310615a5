// SPDX-License-Identifier: Apache-2.0

/// What `weir-export` tells the daemon: a line of JSON.
package struct ExportMessage: Codable, Equatable, Sendable {
    package struct Saying: Codable, Equatable, Sendable {
        package var severity: String
        package var text: String

        package init(severity: SinkRunner.Severity, text: String) {
            self.severity = "\(severity)"
            self.text = text
        }
    }

    /// How each sink stands.
    package var sinks: [SinkReport] = []
    /// What the operator should know, for the daemon's log.
    package var said: [Saying] = []
    /// Why nothing can be delivered at all.
    package var failure: String?

    package init(sinks: [SinkReport] = [], failure: String? = nil, said: [Saying] = []) {
        self.sinks = sinks
        self.failure = failure
        self.said = said
    }

    /// The line by which the daemon says that the store has another window.
    package static let stored = "stored"
    /// The line with which the daemon hands over the ring of samples, of so many bytes.
    package static func ring(size: Int) -> String { "\(ringWord)\(size)" }
    private static let ringWord = "ring "
    /// The size of the ring that a line comes with; nil where it comes with none.
    package static func ringSize(_ line: String) -> Int? {
        line.hasPrefix(ringWord) ? Int(line.dropFirst(ringWord.count)) : nil
    }
    /// The line by which the daemon asks for the end: all that the store has is delivered first.
    package static let finish = "finish"
    /// The exit status of a process that must be started again, since a folder that it uses was replaced.
    package static let restartStatus: Int32 = 75
}
