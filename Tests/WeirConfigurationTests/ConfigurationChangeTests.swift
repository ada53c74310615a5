// SPDX-License-Identifier: Apache-2.0

import Testing
import WeirConfiguration

@Suite struct ConfigurationChangeTests {
    /// A value of each key that is not the default.
    private static let values: [String: String] = [
        "bpffs": "/sys/fs/bpf/x", "state-dir": "/srv/x", "queue-size": "2GB", "socket": "/run/x.sock",
        "metrics": "9469", "monitor-interval": "30s",
        "policy": "/etc/x.yaml", "ovs-rundir": "/run/x", "kernel-drops": "true", "interval": "30s", "flows": "1000",
        "port-share": "50%", "table-memory": "100MB", "table-engine": "percpu-hash", "store": "/srv/flows",
        "store-age": "1h", "store-size": "1GB", "log-dir": "/srv/logs",
        "format": "json", "fields": "srcaddr", "log": "reject", "layout": "hive", "hourly": "true",
        "publish-period": "10m",
        "file-size": "1MB", "account-id": "1", "region": "r", "flow-log-id": "fl-1", "stdout": "false",
        "detach-on-exit": "true",
        "expedite-rcu": "false", "qemu-names": "false", "tap-device": "eth1", "tap-share": "25%", "tap-dscp": "8",
    ]
    /// Those of Open vSwitch go together; the ports are a list.
    private static let others: Set<String> = [
        "ports", "networks", "providers", "libvirt", "sinks", "ovs", "ovs-control", "ovs-bridges", "ovs-stand-in",
        "ovs-verdicts", "ovs-trace-rate",
    ]
    private static let restarting: Set<String> = [
        "bpffs", "state-dir", "socket", "metrics", "ovs-rundir", "kernel-drops", "interval", "flows", "port-share",
        "table-memory", "table-engine", "qemu-names",
    ]

    private static func configuration(_ key: String? = nil) throws -> Configuration {
        var flags = ConfigurationLayer(of: ConfigurationKeys.all)
        if let key { try flags.set(key, flag: try #require(values[key])) }
        return Configuration(layers: [flags], defaultFlowLogID: "fl-0")
    }

    @Test func `each key is either in force at once or said to take a restart`() throws {
        #expect(Set(Self.values.keys).union(Self.others) == Set(ConfigurationKeys.all.names))
        let old = try Self.configuration()
        for key in Self.values.keys {
            let new = try Self.configuration(key)
            try #require(new != old, "\(key)")
            let change = try ConfigurationChange(from: old, to: new)
            // Who names the switch's directory means the switch; the store is in the state directory.
            let named = ["ovs-rundir": ["ovs", key], "state-dir": [key]][key] ?? [key]
            let follows = key == "state-dir" ? ["store"] : []
            if Self.restarting.contains(key) {
                #expect(change.refused == named && change.taken == follows, "\(key)")
                #expect(zip(change.refusals, named).allSatisfy { $0.hasPrefix("\($1): ") })
            } else {
                #expect(change.refused == [] && change.taken.contains(key) && change.configuration == new, "\(key)")
            }
        }
    }

    @Test func `what is left of the new configuration must be one that can be meant`() throws {
        var flags = ConfigurationLayer(of: ConfigurationKeys.all)
        try flags.set("ovs-stand-in", flag: "true")
        try flags.set("format", flag: "json")
        let old = Configuration(layers: [flags], defaultFlowLogID: "fl-0")
        // Without stand-ins AWS's lines are fine; but that they go takes a restart.
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationChange(from: old, to: try Self.configuration())
        }
        #expect(error?.description.hasPrefix("ovs-stand-in needs the format json: ") == true)
    }
}
