// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import WeirDaemon

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run",
        abstract: "Measure ports and write their flow logs: the daemon, in the foreground.",
        discussion: """
            Without --port or --ovs and without ports in the configuration, the interfaces of virtual machines are \
            measured: \(Configuration.usualGuestPorts.joined(separator: ", ")). Interfaces that match later are attached \
            when they come.
            """)

    @Option(help: "Configuration file (WEIR_CONFIG, /etc/weir/weir.yaml).", completion: .file(extensions: ["yaml"]))
    var config: String?

    @Option(
        name: .customLong("port"), help: "Pattern of interfaces to measure; may be given again.", completion: .interface
    )
    var ports: [String] = []

    @Option(
        help: "File of a policy that is loaded at the start; else the one that was loaded last stays.",
        completion: .file(extensions: ["yaml"]))
    var policy: String?

    @Flag(help: "Measure the guests of Open vSwitch, as its ports come and go.")
    var ovs = false

    @Option(help: "Run directory of Open vSwitch (/run/openvswitch).", completion: .directory)
    var ovsRundir: String?

    @Option(
        help: "Control socket of ovs-vswitchd; else it is looked for in the run directory.", completion: .file())
    var ovsControl: String?

    @Option(
        name: .customLong("ovs-bridge"), help: "Bridge whose guests are measured, instead of all; may be given again.")
    var ovsBridges: [String] = []

    @Flag(help: "Where frames to a guest are not observed, records of the bridge's other ports stand in, marked.")
    var ovsStandIn = false

    @Flag(help: "Record packets dropped by the host's network stack, with the kernel's drop reason.")
    var kernelDrops = false

    @Option(help: "Length of a window: seconds, or 30s, 5m, 1h.")
    var interval: String?

    @Option(help: "Directory for log files; without it lines go to standard output.", completion: .directory)
    var logDir: String?

    @Option(help: "aws or json.")
    var format: String?

    @Option(help: "Fields of AWS lines; AWS's default format without it.")
    var fields: String?

    @Option(help: "Which flows are written: all, accept or reject.")
    var log: String?

    @Option(help: "How long a file collects records: seconds, or 30s, 5m, 1h (5m).")
    var publishPeriod: String?

    @Option(help: "Folders of log files, as AWS names them: default or hive.")
    var layout: String?

    @Flag(help: "A folder for each hour in that for the day.")
    var hourly = false

    @Option(help: "AWS account in records and names of files, where a port has none of its own.")
    var accountID: String?

    @Option(help: "AWS region in records and names of files, where a port has none of its own.")
    var region: String?

    @Option(help: "Maximum flows per window (262144). Used only when the tables are created.")
    var flows: String?

    @Option(help: "Part of the table that one port can take, in percent (25%).")
    var portShare: String?

    @Option(help: "Memory that the flow table may take at most, such as 512MB.")
    var tableMemory: String?

    @Option(help: "line, or percpu-hash: plain, slow, and without early swaps.")
    var tableEngine: String?

    @Option(help: "Directory for the daemon's state (WEIR_STATE_DIR).", completion: .directory)
    var stateDir: String?

    @Option(help: "Most bytes of windows that wait to be published (1GB); beyond it the oldest are given up.")
    var queueSize: String?

    @Option(help: "Port, or address and port, for Prometheus: 9469 is that of the loopback interface.")
    var metrics: String?

    @Flag(help: "Print lines to standard output, too.")
    var stdout = false

    @Flag(help: "Detach the ports at the end; without it they go on counting.")
    var detachOnExit = false

    @OptionGroup var place: PlaceOptions

    func run() throws {
        // Values alone: the command itself may not go to another thread.
        let (flags, file) = (try flags(), config)
        let load: @Sendable () throws -> Configuration = { try Self.load(flags, file) }
        try RunSession(configuration: try load(), load: load).run()
    }

    private static func load(_ flags: ConfigurationLayer, _ file: String?) throws -> Configuration {
        var configuration = try Configuration.load(
            flags: flags, configFile: file, environment: ProcessInfo.processInfo.environment)
        configuration.usePortsOfGuestsIfNone()
        return configuration
    }

    private func flags() throws -> ConfigurationLayer {
        var flags = ConfigurationLayer()
        try flags.setPorts(ports)
        try flags.setBridges(ovsBridges)
        let texts: [(ConfigurationKey, String?)] = [
            (.interval, interval), (.logDirectory, logDir), (.format, format), (.fields, fields), (.log, log),
            (.flows, flows), (.portShare, portShare), (.tableMemory, tableMemory), (.tableEngine, tableEngine),
            (.stateDirectory, stateDir), (.queueSize, queueSize), (.bpffs, place.bpffs), (.socket, place.socket),
            (.metrics, metrics), (.policy, policy), (.ovsRunDirectory, ovsRundir), (.publishPeriod, publishPeriod),
            (.layout, layout), (.accountID, accountID), (.region, region), (.ovsControl, ovsControl),
        ]
        for (key, text) in texts { if let text { try flags.set(key, flag: text) } }
        if ovs { flags.ovs = true }
        if ovsStandIn { flags.ovsStandIn = true }
        if kernelDrops { flags.kernelDrops = true }
        if stdout { flags.stdout = true }
        if hourly { flags.hourly = true }
        if detachOnExit { flags.detachOnExit = true }
        return flags
    }
}
