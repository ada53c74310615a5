// SPDX-License-Identifier: Apache-2.0

import Testing
import WeirDaemon

@Suite struct ConfigurationChangeTests {
    /// A value of each key that is not the default.
    private static let values: [ConfigurationKey: String] = [
        .bpffs: "/sys/fs/bpf/x", .stateDirectory: "/srv/x", .queueSize: "2GB", .socket: "/run/x.sock", .metrics: "9469",
        .policy: "/etc/x.yaml", .ovsRunDirectory: "/run/x", .kernelDrops: "true", .interval: "30s", .flows: "1000",
        .portShare: "50%", .tableMemory: "100MB", .tableEngine: "percpu-hash", .logDirectory: "/srv/logs",
        .format: "json", .fields: "srcaddr", .log: "reject", .layout: "hive", .hourly: "true", .publishPeriod: "10m",
        .fileSize: "1MB", .accountID: "1", .region: "r", .flowLogID: "fl-1", .stdout: "false", .detachOnExit: "true",
        .expediteRCU: "false",
    ]
    /// Those of Open vSwitch go together; the ports are a list.
    private static let others: Set<ConfigurationKey> = [
        .ports, .ovs, .ovsControl, .ovsBridges, .ovsStandIn, .ovsVerdicts, .ovsTraceRate,
    ]
    private static let restarting: Set<ConfigurationKey> = [
        .bpffs, .stateDirectory, .socket, .metrics, .ovsRunDirectory, .kernelDrops, .interval, .flows, .portShare,
        .tableMemory, .tableEngine,
    ]

    private static func configuration(_ key: ConfigurationKey? = nil) throws -> Configuration {
        var flags = ConfigurationLayer()
        if let key { try flags.set(key, flag: try #require(values[key])) }
        return Configuration(layers: [flags], defaultFlowLogID: "fl-0")
    }

    @Test func `each key is either in force at once or said to take a restart`() throws {
        #expect(Set(Self.values.keys).union(Self.others) == Set(ConfigurationKey.allCases))
        let old = try Self.configuration()
        for key in Self.values.keys {
            let new = try Self.configuration(key)
            try #require(new != old, "\(key)")
            let change = try ConfigurationChange(from: old, to: new)
            let named: ConfigurationKey = key == .ovsRunDirectory ? .ovs : key
            if Self.restarting.contains(key) {
                #expect(change.refused == [named] && change.taken == [] && change.configuration == old, "\(key)")
                #expect(ConfigurationChange.refusal(of: named).hasPrefix("\(named.rawValue): "))
            } else {
                #expect(change.refused == [] && change.taken.contains(named) && change.configuration == new, "\(key)")
            }
        }
    }

    @Test func `what is left of the new configuration must be one that can be meant`() throws {
        var flags = ConfigurationLayer()
        flags.ovsStandIn = true
        try flags.set(.format, flag: "json")
        let old = Configuration(layers: [flags], defaultFlowLogID: "fl-0")
        // Without stand-ins AWS's lines are fine; but that they go takes a restart.
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationChange(from: old, to: try Self.configuration())
        }
        #expect(error?.description.hasPrefix("ovs-stand-in needs the format json: ") == true)
    }
}
