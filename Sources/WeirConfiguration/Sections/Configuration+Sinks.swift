// SPDX-License-Identifier: Apache-2.0

package import FlowExport
import FlowModel
import Host

extension Configuration {
    /// The names of the sinks that `log-dir` and `stdout` stand for.
    static let shortSinkNames = ["files", "stdout"]

    /// All sinks, the short forms first, without their starts.
    package var allSinks: [SinkSettings] {
        var all: [SinkSettings] = []
        if let logDirectory {
            var files = settings(of: SinkRule(name: Self.shortSinkNames[0], kind: .files), format)
            files.directory = logDirectory
            files.fields = fields
            files.log = filter
            files.ports = portRules(filter)
            files.layout = layout
            files.isHourly = hourly
            files.publishPeriodSeconds = publishPeriod / .seconds(1)
            files.fileSize = Int64(fileSize)
            all.append(files)
        }
        if printsLines {
            var lines = settings(of: SinkRule(name: Self.shortSinkNames[1], kind: .stdout), format)
            lines.fields = fields
            lines.log = filter
            lines.ports = portRules(filter)
            all.append(lines)
        }
        return all + sinks.map { settings(of: $0, $0.format) }
    }

    private func settings(of rule: SinkRule, _ format: SinkSettings.Format) -> SinkSettings {
        var settings = SinkSettings(name: rule.name, kind: rule.kind)
        settings.agent = rule.agent
        settings.statePeriodSeconds = rule.interval / .seconds(1)
        settings.format = format
        switch rule.kind {
        case .stdout: break
        case .files: settings.directory = rule.to.first ?? ""
        case .sflow:
            settings.collectors = rule.to
            settings.sampling.rate = rule.sampling.map { UInt32(clamping: $0) }
            settings.sampling.discards = rule.discarded
            settings.sampling.ports = rule.sampled.map(\.text)
        case .redis:
            settings.format = .json
            settings.redis = redis(rule)
        }
        settings.fields = rule.fields
        settings.filter = rule.filter
        settings.log = rule.log
        settings.ports = portRules(rule.log)
        settings.layout = rule.layout
        settings.isHourly = rule.hourly
        settings.publishPeriodSeconds = rule.publishPeriod / .seconds(1)
        settings.fileSize = Int64(rule.fileSize)
        settings.flowLogID = rule.flowLogID ?? flowLogID
        return settings
    }

    /// What is to be sampled at the port of that name; nil: nothing.
    package func sampling(ofPort name: String) -> PortSampling? {
        sinks.lazy.filter { $0.kind == .sflow }.map { settings(of: $0, $0.format).sampling }.sampling(of: name)
    }

    private func redis(_ rule: SinkRule) -> RedisSettings? {
        guard let address = rule.to.first.flatMap({ try? RedisAddress($0) }) else { return nil }
        var settings = RedisSettings(address, host: rule.host ?? Self.hostName)
        settings.passwordFile = rule.passwordFile
        settings.takesRecords = rule.records
        settings.mostRecords = rule.maxLength
        settings.prefix = rule.prefix
        return settings
    }

    private static var hostName: String {
        let name = (try? ProcFile.read("/proc/sys/kernel/hostname")) ?? ""
        return name.split(whereSeparator: \.isWhitespace).first.map(String.init) ?? "localhost"
    }

    /// Whether the operator asked for lines on standard output, and for no place that keeps them.
    package var isForStandardOutputOnly: Bool {
        printsLines && logDirectory == nil && sinks.isEmpty && store == Self.store(in: stateDirectory)
    }

    /// Where the store is unless the operator says so.
    static func store(in stateDirectory: String) -> String { stateDirectory + "/flows" }

    /// The first rule that matches a port decides, as everywhere.
    private func portRules(_ log: LogFilter) -> [SinkSettings.PortRule] {
        ports.map { SinkSettings.PortRule(pattern: $0.pattern.text, log: $0.filter ?? log) }
    }

    /// What `weir-export` is asked to do.
    ///
    /// - Parameters:
    ///   - stateID: tells the files of this state directory from those of others that write to the same place.
    ///   - start: the number of the window after which a sink begins that has no cursor yet.
    package func exportPlan(stateID: String, start: UInt64) -> ExportPlan {
        ExportPlan(
            store: store, folder: stateDirectory + "/sinks", stateID: stateID, intervalSeconds: interval / .seconds(1),
            sinks: allSinks.map { settings in
                var settings = settings
                settings.start = start
                return settings
            }, monitor: MonitorFeed(socket: socket, intervalSeconds: max(1, monitorInterval / .seconds(1))))
    }
}
