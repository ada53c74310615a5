// SPDX-License-Identifier: Apache-2.0

package import FlowExport
package import FlowFormats
package import FlowMeter
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

    /// Writes all lines of the window, and returns how many there are.
    package func publish(_ closed: borrowing ClosedWindow, ports: [PortNumber: Port]) -> Int {
        files?.begin(closed.window)
        let records = closed.forEachRecord(ports: ports) { record in
            files?.append(record)
            printer?.append(record)
        }
        let gaps = closed.gaps(ports: ports)
        for gap in gaps {
            files?.append(gap)
            printer?.append(gap)
        }
        attempt { try self.files?.end() }
        printLines()
        return records + gaps.count
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

    private func printLines() {
        do {
            try printer?.finish()
        } catch {
            printer = nil
            let consequence = hasReaders ? "measuring goes on without it" : "nobody is left to measure for"
            logger.error("cannot print to standard output: \(systemReason(error)); \(consequence)")
        }
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
