// SPDX-License-Identifier: Apache-2.0

package import FlowExport
package import FlowKernel
import OpenVSwitch

/// What one source says: the flags, the environment, or a file. nil says nothing.
package struct ConfigurationLayer: Equatable, Sendable {
    package var bpffs: String?
    package var stateDirectory: String?
    package var queueSize: Int?
    package var socket: String?
    package var metrics: MetricsAddress?
    package var ports: [PortRule]?
    package var policy: String?
    package var ovs: Bool?
    package var ovsRunDirectory: String?
    package var ovsControl: String?
    package var ovsBridges: [String]?
    package var ovsStandIn: Bool?
    package var ovsVerdicts: Bool?
    package var ovsTraceRate: Int?
    package var kernelDrops: Bool?
    package var interval: Duration?
    package var flows: Int?
    package var portShare: Double?
    package var tableMemory: Int?
    package var tableEngine: FlowEngine?
    package var logDirectory: String?
    package var format: FormatChoice?
    package var fields: String?
    package var filter: LogFilter?
    package var layout: LogFileConfiguration.Layout?
    package var hourly: Bool?
    package var publishPeriod: Duration?
    package var fileSize: Int?
    package var accountID: String?
    package var region: String?
    package var flowLogID: String?
    package var stdout: Bool?
    package var expediteRCU: Bool?
    package var detachOnExit: Bool?

    package init() {}

    /// What the environment says. An empty variable says nothing.
    package init(environment: [String: String]) throws(ConfigurationError) {
        for (key, name) in ConfigurationKey.environmentVariables {
            guard let text = environment[name], !text.isEmpty else { continue }
            try set(key, to: Setting(name: name, text: text))
        }
    }

    /// Takes the text of a flag, under the rules of the key of the same name.
    package mutating func set(_ key: ConfigurationKey, flag text: String) throws(ConfigurationError) {
        try set(key, to: Setting(name: "--" + key.rawValue, text: text))
    }

    /// Takes the patterns of `--port`; none says nothing.
    package mutating func setPorts(_ patterns: [String]) throws(ConfigurationError) {
        guard !patterns.isEmpty else { return }
        var rules: [PortRule] = []
        for pattern in patterns { rules.append(try PortRule(Setting(name: "--port", text: pattern))) }
        ports = rules
    }

    /// Takes the names of `--ovs-bridge`; none says nothing.
    package mutating func setBridges(_ names: [String]) throws(ConfigurationError) {
        guard !names.isEmpty else { return }
        var bridges: [String] = []
        for name in names { bridges.append(try Setting(name: "--ovs-bridge", text: name).bridge()) }
        ovsBridges = bridges
    }

    mutating func set(_ key: ConfigurationKey, to setting: Setting) throws(ConfigurationError) {
        switch key {
        case .bpffs: bpffs = try setting.path()
        case .stateDirectory: stateDirectory = try setting.path()
        case .queueSize: queueSize = try setting.size(1_000_000...1_000_000_000_000, "from 1MB to 1000GB")
        case .socket: socket = try setting.socketPath()
        case .metrics: metrics = try setting.metricsAddress()
        case .ports: ports = try setting.ports()
        case .policy: policy = try setting.path()
        case .ovs: ovs = try setting.truth()
        case .ovsRunDirectory: ovsRunDirectory = try setting.runDirectory()
        case .ovsControl: ovsControl = try setting.socketPath()
        case .ovsBridges: ovsBridges = try setting.bridges()
        case .ovsStandIn: ovsStandIn = try setting.truth()
        case .ovsVerdicts: ovsVerdicts = try setting.truth()
        case .ovsTraceRate: ovsTraceRate = try setting.count(Configuration.traceRateRange)
        case .kernelDrops: kernelDrops = try setting.truth()
        case .interval: interval = try setting.duration(.seconds(1) ... .seconds(3600))
        case .flows: flows = try setting.count(Configuration.flowsRange)
        case .portShare: portShare = try setting.share()
        case .tableMemory: tableMemory = try setting.size(1_000...1_000_000_000_000, "from 1KB to 1000GB")
        case .tableEngine: tableEngine = try setting.choice(FlowEngine.allCases, named: \.rawValue)
        case .logDirectory: logDirectory = try setting.path()
        case .format: format = try setting.choice(FormatChoice.allCases, named: \.rawValue)
        case .fields: fields = try setting.fields()
        case .log: filter = try setting.choice(LogFilter.allCases, named: \.rawValue)
        case .layout: layout = try setting.choice(LogFileConfiguration.Layout.allCases, named: \.rawValue)
        case .hourly: hourly = try setting.truth()
        case .publishPeriod: publishPeriod = try setting.duration(.seconds(1) ... .seconds(86_400))
        case .fileSize: fileSize = try setting.size(1_000...5_000_000_000, "from 1KB to 5GB")
        case .accountID: accountID = try setting.identifier()
        case .region: region = try setting.identifier()
        case .flowLogID: flowLogID = try setting.identifier()
        case .stdout: stdout = try setting.truth()
        case .expediteRCU: expediteRCU = try setting.truth()
        case .detachOnExit: detachOnExit = try setting.truth()
        }
    }
}

extension Configuration {
    /// Asks the layers in turn, the one that decides first; what none says has its default.
    package init(layers: [ConfigurationLayer], defaultFlowLogID: String) {
        func first<Value>(_ path: KeyPath<ConfigurationLayer, Value?>) -> Value? {
            layers.lazy.compactMap { $0[keyPath: path] }.first
        }
        self.init(flowLogID: first(\.flowLogID) ?? defaultFlowLogID)
        bpffs = first(\.bpffs) ?? bpffs
        stateDirectory = first(\.stateDirectory) ?? stateDirectory
        queueSize = first(\.queueSize) ?? queueSize
        socket = first(\.socket) ?? socket
        metrics = first(\.metrics)
        ports = first(\.ports) ?? ports
        policy = first(\.policy)
        ovs = Self.ovs(
            first(\.ovs), first(\.ovsRunDirectory) ?? first(\.ovsControl).map { _ in SwitchChoice().runDirectory },
            first(\.ovsBridges), standsIn: first(\.ovsStandIn))
        ovs?.control = first(\.ovsControl)
        ovs?.judges = first(\.ovsVerdicts) ?? true
        if let rate = first(\.ovsTraceRate) { ovs?.traceRate = rate }
        watchesKernelDrops = first(\.kernelDrops) ?? watchesKernelDrops
        interval = first(\.interval) ?? interval
        tables.flowBudget = first(\.flows) ?? tables.flowBudget
        tables.portShare = first(\.portShare) ?? tables.portShare
        tables.memoryLimit = first(\.tableMemory).map { UInt64($0) }
        tables.engine = first(\.tableEngine) ?? tables.engine
        logDirectory = first(\.logDirectory)
        format = first(\.format) ?? format
        fields = first(\.fields)
        filter = first(\.filter) ?? filter
        layout = first(\.layout) ?? layout
        hourly = first(\.hourly) ?? hourly
        publishPeriod = first(\.publishPeriod) ?? max(publishPeriod, interval)
        fileSize = first(\.fileSize) ?? fileSize
        accountID = first(\.accountID)
        region = first(\.region)
        // With no files, standard output is the only place the records can go.
        printsLines = first(\.stdout) ?? (logDirectory == nil)
        expeditesRCU = first(\.expediteRCU) ?? expeditesRCU
        detachesOnExit = first(\.detachOnExit) ?? detachesOnExit
    }
}

extension Configuration {
    /// Who names a switch's directory or bridges means that switch.
    private static func ovs(
        _ isWanted: Bool?, _ runDirectory: String?, _ bridges: [String]?, standsIn: Bool?
    ) -> SwitchChoice? {
        guard isWanted ?? (runDirectory != nil || bridges != nil || standsIn == true) else { return nil }
        var choice = SwitchChoice()
        choice.runDirectory = runDirectory ?? choice.runDirectory
        choice.bridges = bridges ?? []
        choice.standsIn = standsIn ?? false
        return choice
    }
}
