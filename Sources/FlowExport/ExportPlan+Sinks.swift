// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowFilter
import FlowFormats
import FlowModel
import FlowStore
package import Host
package import SystemPackage

extension ExportPlan {
    /// The runner of one sink: opens the store, the sink's folder, its cursor, and what it writes to.
    ///
    /// - Parameters:
    ///   - service: the port of a service's name, for filters.
    ///   - output: what standard output is for the sink.
    ///   - say: told what an operator should know.
    /// - Throws: ExportError, FilterError, FieldListError, ParquetFieldError.
    package func runner(
        of settings: SinkSettings, service: @escaping @Sendable (String) -> UInt16? = { _ in nil },
        output: FileDescriptor = .standardOutput, clock: any HostClock = SystemClock(),
        say: @escaping @Sendable (SinkRunner.Severity, String) -> Void
    ) throws -> sending SinkRunner {
        let path = FilePath(folder).appending(settings.name)
        let folder = try ExportError.wrap(.createFolder, path) { try HeldFolder(path, .ours, create: 0o700) }
        let cursor = try SinkCursor(in: folder, startingAt: settings.start)
        let sink: any Sink =
            switch settings.kind {
            case .files: try LogFileSink(configuration: try files(settings, path), cursor: cursor.sequence)
            case .stdout: try lines(settings, output, cursor)
            case .redis: RedisRecordSink(try settings.server, taken: cursor.sequence)
            case .sflow: preconditionFailure("sFlow takes no records")
            }
        return SinkRunner(
            settings.report, sink: sink, store: try StoreReader(FilePath(store)), cursor: cursor, folder: folder,
            selection: try settings.selection(service: service), backOff: BackOff(atMost: settings.longestPause),
            clock: clock, say: say)
    }

    /// What delivers the state of the host and its machines to a sink; nil where the sink takes none.
    ///
    /// - Parameters:
    ///   - stream: of a sink of sFlow.
    ///   - say: told what an operator should know.
    package func stateRunner(
        of settings: SinkSettings, _ stream: SFlowStream? = nil,
        say: @escaping @Sendable (SinkRunner.Severity, String) -> Void
    ) -> sending StateRunner? {
        let sink: (any StateSink)? =
            switch settings.kind {
            case .files, .stdout: nil
            case .redis: settings.redis.map { RedisStateSink($0, intervalSeconds: monitor.intervalSeconds) }
            case .sflow:
                stream.map { stream in
                    SFlowSink(
                        stream, interval: .seconds(settings.statePeriodSeconds),
                        folder: FilePath(folder).appending(settings.name))
                }
            }
        return sink.map { StateRunner(settings.name, $0, isAlone: !settings.takesRecords, say: say) }
    }

    private func lines(
        _ settings: SinkSettings, _ output: FileDescriptor, _ cursor: SinkCursor
    ) throws -> LineSink {
        guard let format = try settings.recordFormat() else {
            throw ExportError(.print, "standard output", .invalidArgument)
        }
        return LineSink(output, format: format, taken: cursor.sequence)
    }

    private func files(_ settings: SinkSettings, _ state: FilePath) throws -> LogFileConfiguration {
        var files = LogFileConfiguration(
            directory: FilePath(settings.directory), stateDirectory: state, stateID: stateID,
            content: try settings.content(), fileExtension: settings.fileExtension, flowLogID: settings.flowLogID)
        files.layout = settings.layout
        files.isHourly = settings.isHourly
        files.publishPeriod = .seconds(settings.publishPeriodSeconds)
        files.windowLength = .seconds(intervalSeconds)
        files.sizeLimit = settings.fileSize
        return files
    }

    /// Makes the folders that sinks write to, where they are missing: a process that is confined to them cannot.
    package func makeFolders() throws(ExportError) {
        let own = FilePath(folder)
        _ = try ExportError.wrap(.createFolder, own) { try HeldFolder(own, .ours, create: 0o700) }
        for directory in directories.map({ FilePath($0) }) {
            let place = try? HeldFolder.holding(directory)
            let isThere = place.map { (try? $0.folder.facts(of: $0.name)) != nil } ?? false
            _ = try ExportError.wrap(isThere ? .useFolder : .createFolder, directory) {
                try HeldFolder(directory, .anyFolder, create: 0o750)
            }
        }
    }

    /// Where sinks write files, apart from their own folders.
    package var directories: [String] { sinks.compactMap { $0.kind == .files ? $0.directory : nil } }
}

extension ExportPlan {
    /// What sinks need besides their folders: a process that is confined is let.
    package var reach: Confinement.Reach {
        var reach = Confinement.Reach()
        for redis in sinks.compactMap(\.redis) {
            if let file = redis.passwordFile { reach.files.append(file) }
            guard case .tcp(_, let port) = redis.address.place else { continue }
            reach.files += NameLookup.files
            reach.ports += [port, NameLookup.port]
        }
        return reach
    }
}

extension SinkSettings {
    /// How the sink stands before anything is done.
    package var report: SinkReport {
        let to: String? =
            switch kind {
            case .files: directory
            case .stdout: nil
            case .redis: redis?.address.description
            case .sflow: collectors.joined(separator: " ")
            }
        return SinkReport(name: name, kind: kind.rawValue, to: to)
    }

    /// A try costs a host's own files and its standard output little.
    fileprivate var longestPause: Duration { kind == .redis ? .seconds(15) : .seconds(4) }

    fileprivate var server: RedisSettings {
        get throws {
            guard let redis else { throw ExportError(.print, "Redis", .invalidArgument) }
            return redis
        }
    }

    fileprivate func selection(service: @escaping (String) -> UInt16?) throws -> RecordSelection {
        RecordSelection(
            log: log,
            ports: ports.compactMap { rule in GlobPattern(rule.pattern).map { RecordSelection.PortRule($0, rule.log) }
            },
            filter: try filter.map { try FlowFilter($0, service: service) })
    }
}

extension SinkSettings {
    /// The datagrams to the collectors of a sink of sFlow; nil for others.
    package var stream: SFlowStream? {
        guard kind == .sflow else { return nil }
        return SFlowStream(
            to: collectors.compactMap { CollectorAddress($0) }, agent: agent.flatMap { IPAddress($0) })
    }
}
