// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeirConfiguration

/// What holds for each key of the table, whatever is added to it.
@Suite struct EveryKeyTests {
    /// A value of each key that is not its default, as it stands in a file.
    private static let values = [
        "ports":
            #"[{match: eth*, measure: false, tags: [a, b], log: reject, role: uplink, hook: xdp, xdp-mode: native, instance-name: "web: 1 ü", project-id: 9f2, project-name: A shop}, tap?]"#,
        "networks": #"[{prefix: 10.0.0.0/8, name: "the: office"}, {prefix: "fd00::1", name: b}]"#,
        "ovs": "true", "ovs-rundir": "/run/other", "ovs-control": "/run/other/ctl", "ovs-bridges": "[br0, br1]",
        "providers":
            #"[{name: inventory, command: [/usr/local/bin/inventory, --watch], silence: 5m}, {name: other, command: [/other, "a b"], every: 10s}, {name: libvirt, uri: "qemu:///system"}]"#,
        "monitor-interval": "30s", "libvirt": "false", "qemu-names": "false",
        "tap-device": "eth1", "tap-share": "25%", "tap-dscp": "8",
        "ovs-stand-in": "true", "ovs-verdicts": "false", "ovs-trace-rate": "7", "policy": "/etc/policy.yaml",
        "kernel-drops": "true", "interval": "90s", "flows": "1000", "port-share": "50%", "table-memory": "100MB",
        "table-engine": "percpu-hash", "store": "/srv/flows", "store-age": "2d", "store-size": "5MB",
        "log-dir": "\"/srv/a: \\\"b\\\"\"", "stdout": "false", "format": "json",
        "fields": "srcaddr dstaddr", "log": "accept", "layout": "hive", "hourly": "true", "publish-period": "10m",
        "file-size": "1KB",
        "sinks":
            #"[{name: r, type: files, to: /srv/r, filter: reject, format: json, publish-period: 1h}, {name: p, type: files, to: /srv/p, format: parquet, fields: srcaddr rule}, {name: o, type: stdout, format: csv}, {name: s, type: redis, to: "redis://weir@10.0.0.1:6380/2", password-file: /p, records: true, max-length: 5, prefix: a, host: b}, {name: t, type: redis, to: "redis+unix:///s?db=0"}, {name: u, type: sflow, to: ["udp://192.0.2.7", "udp://[2001:db8::7]:6344"], agent: 192.0.2.1, interval: 30s, sampling: 400, discarded: 100, sampled: [tap*, eth0]}, {name: v, type: sflow, to: "udp://192.0.2.7", discarded: 1, sampled: tap1}]"#,
        "account-id": "123456789012", "region": "\"null\"", "flow-log-id": "fl-1", "bpffs": "/x",
        "state-dir": "/y", "queue-size": "2GB", "socket": "/z", "metrics": "\"[::1]:9469\"", "expedite-rcu": "false",
        "detach-on-exit": "true",
    ]
    private static let defaults = Configuration(flowLogID: "fl-0")

    private static func read(_ text: String) throws -> MergedConfiguration<Configuration> {
        let file = try ConfigurationFile(path: "w", content: Data(text.utf8))
        let layer = try ConfigurationLayer(of: ConfigurationKeys.all, file)
        return ConfigurationKeys.all.merge([layer], over: defaults)
    }

    @Test func `there is a value here for each key`() {
        #expect(Set(Self.values.keys) == Set(ConfigurationKeys.all.names))
    }

    @Test(arguments: ConfigurationKeys.all.names)
    func `it is read from a file, compared, and shown so that it can be read again`(name: String) throws {
        let merged = try Self.read("\n\(name): \(try #require(Self.values[name]))\n")
        let nothing = try Self.read("")
        #expect(merged.source(of: name) == .file(ConfigurationPlace(file: "w", line: 2)))
        #expect(nothing.source(of: name) == .defaultValue)
        let change = ConfigurationChange(from: nothing.root, to: merged.root, of: ConfigurationKeys.all)
        #expect((change.taken + change.refused).contains(name))
        #expect(change.refused.count == change.refusals.count)
        #expect(merged.shown.map(\.name) == ConfigurationKeys.all.names)
        #expect(try Self.read(merged.shown.yaml).root == merged.root)
        _ = try JSONEncoder().encode(merged.shown.json)
    }

    @Test func `all of them together are shown so that they can be read again`() throws {
        let text = Self.values.map { "\($0): \($1)" }.joined(separator: "\n")
        let merged = try Self.read(text)
        #expect(try Self.read(merged.shown.yaml).root == merged.root)
        #expect(try Self.read(Self.read("").shown.yaml).root == Self.read("").root)
    }

    @Test(arguments: ConfigurationKeys.all.names)
    func `a flag and a variable say the same as the file`(name: String) throws {
        let key = ConfigurationKeys.all[name]
        guard key.flag?.kind != .repeated, let value = Self.values[name], !value.hasPrefix("\"") else { return }
        let expected = try Self.read("\(name): \(value)").root
        if key.flag != nil {
            var flags = ConfigurationLayer(of: ConfigurationKeys.all)
            try flags.set(name, flag: value)
            #expect(ConfigurationKeys.all.merge([flags], over: Self.defaults).root == expected)
        }
        if let variable = key.variable {
            let layer = try ConfigurationLayer(of: ConfigurationKeys.all, environment: [variable: value])
            #expect(ConfigurationKeys.all.merge([layer], over: Self.defaults).root == expected)
        }
    }

    @Test func `a flag's help is one sentence, and each variable begins with WEIR_`() {
        for key in ConfigurationKeys.all.keys {
            if let help = key.help(defaults: Self.defaults) {
                #expect(help.hasSuffix(".") && !help.hasSuffix("..") && !help.contains("\n"), "\(key.name): \(help)")
            }
            #expect(key.variable?.hasPrefix("WEIR_") ?? true)
        }
    }
}
