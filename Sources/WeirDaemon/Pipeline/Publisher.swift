// SPDX-License-Identifier: Apache-2.0

package import FlowExport
package import FlowFormats
package import FlowModel
package import Logging
import SystemPackage

/// Hands the lines of a window to where they are wanted: files and standard output.
///
/// A sink that fails says so in the log and never keeps the meter from its next window. Used from one thread.
package final class Publisher {
    private let files: LogFileSink?
    private var printer: LinePrinter?
    private let logger: Logger
    private var lastFailure: String?

    package init(configuration: Configuration, logger: Logger) throws {
        let format = try configuration.recordFormat()
        files = try configuration.logFiles(format).map { try LogFileSink(configuration: $0) }
        printer = configuration.printsLines ? LinePrinter(format: format) : nil
        self.logger = logger
    }

    package var counts: ExportCounts { files?.counts ?? ExportCounts() }

    package var failure: String? { lastFailure }

    /// Whether lines still go anywhere.
    package var hasReaders: Bool { files != nil || printer != nil }

    package func publish(_ entries: [LogEntry], of window: Window) {
        attempt { try self.files?.write(entries, of: window) }
        printLines(entries)
    }

    package func publishDue(now: UnixTime) { attempt { try self.files?.publishDue(now: now) } }

    /// Publishes all that is open.
    package func close() { attempt { try self.files?.close() } }

    private func attempt(_ action: () throws -> Void) {
        do {
            try action()
            if lastFailure != nil { logger.notice("writing flow logs works again") }
            lastFailure = nil
        } catch {
            let failure = "\(error)"
            if failure != lastFailure { logger.error("\(failure); measuring goes on") }
            lastFailure = failure
        }
    }

    private func printLines(_ entries: [LogEntry]) {
        do {
            try printer?.print(entries)
        } catch {
            printer = nil
            let consequence = hasReaders ? "measuring goes on without it" : "nobody is left to measure for"
            logger.error("cannot print to standard output: \(systemReason(error)); \(consequence)")
        }
    }
}

/// Prints lines to standard output, after one header where the format has one.
struct LinePrinter {
    private let format: any RecordFormat
    private var buffer: [UInt8] = []

    init(format: any RecordFormat) {
        self.format = format
        format.appendHeader(to: &buffer)
    }

    mutating func print(_ entries: [LogEntry]) throws {
        for entry in entries { format.append(entry, to: &buffer) }
        try FileDescriptor.standardOutput.writeAll(buffer)
        buffer.removeAll(keepingCapacity: true)
    }
}

extension Configuration {
    /// The encoder of records.
    package func recordFormat() throws -> any RecordFormat {
        switch format {
        case .json: JSONLinesFormat()
        case .aws: try fields.map { try AWSTextFormat(fieldList: $0) } ?? .default
        }
    }

    fileprivate func logFiles(_ recordFormat: any RecordFormat) -> LogFileConfiguration? {
        guard let logDirectory else { return nil }
        var files = LogFileConfiguration(
            directory: FilePath(logDirectory), format: recordFormat,
            fileExtension: format == .aws ? "log.gz" : "json.gz", flowLogID: flowLogID)
        files.layout = layout
        files.isHourly = hourly
        files.publishPeriod = publishPeriod
        files.windowLength = interval
        files.sizeLimit = Int64(fileSize)
        return files
    }
}
