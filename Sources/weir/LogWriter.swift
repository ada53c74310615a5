// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Logging

/// Writes the daemon's log to standard error, a line for each message.
///
/// Where that is the systemd journal, a line begins with its priority, `<3>` for an error, and has no time: the journal
/// has one (sd-daemon(3)). Elsewhere it begins with the time and the level.
struct LogWriter: LogHandler {
    var logLevel = Logger.Level.info
    var metadata = Logger.Metadata()
    private let isForJournal: Bool

    init(isForJournal: Bool = Self.isForJournal) { self.isForJournal = isForJournal }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        // One write for each line: lines of several threads do not mix.
        let text = head(event.level) + Self.line(event.message.description) + "\n"
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }

    /// Whether standard error is a stream of the journal, which says so by its inode (systemd.exec(5), `JOURNAL_STREAM`).
    static let isForJournal: Bool = {
        guard let stream = ProcessInfo.processInfo.environment["JOURNAL_STREAM"],
            let inode = stream.split(separator: ":").last,
            let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/fd/2")
        else { return false }
        return target == "socket:[\(inode)]"
    }()

    /// What stands before a sentence about a failure.
    static var failurePrefix: String { isForJournal ? priority(of: .error) : "" }

    private func head(_ level: Logger.Level) -> String {
        isForJournal ? Self.priority(of: level) : "\(Date.now.ISO8601Format()) \(level.rawValue): "
    }

    /// The journal's, which are those of syslog(3).
    private static func priority(of level: Logger.Level) -> String {
        switch level {
        case .critical: "<2>"
        case .error: "<3>"
        case .warning: "<4>"
        case .notice: "<5>"
        case .info: "<6>"
        case .debug, .trace: "<7>"
        }
    }

    private static func line(_ text: String) -> String {
        PrintableText.of(text.split(whereSeparator: \.isNewline).joined(separator: " "))
    }
}
