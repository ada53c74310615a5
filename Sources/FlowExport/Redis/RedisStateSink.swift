// SPDX-License-Identifier: Apache-2.0

import Foundation
import HostMonitor

/// Has a Redis server keep the newest state of the host, its machines and its ports: a key each, as JSON, which expires by itself; sorted sets of
/// what there is; a stream of what changed; and a message after each report. `docs/redis.md` has the schema.
final class RedisStateSink: StateSink {
    /// A machine as the server has it.
    private struct Known: Equatable {
        var state: Int
        var name: String
    }

    private let server: RedisServer
    private let settings: RedisSettings
    private let intervalSeconds: Double
    /// By id; nil until the server was asked what it has from before.
    private var machines: [String: Known]?
    private var ports: Set<String> = []
    private var pipeline = RedisPipeline()
    private let encoder = JSONEncoder()

    private static let mostEvents = 10_000
    /// The set of all hosts goes when none of them has been heard of for so long, or for three intervals.
    private static let longestSilence: Int64 = 3_600_000

    /// - Parameter intervalSeconds: how often a report comes, at the least.
    init(_ settings: RedisSettings, intervalSeconds: Double) {
        self.settings = settings
        self.intervalSeconds = intervalSeconds
        server = RedisServer(settings)
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    }

    func update(_ report: MonitorReport) throws {
        try server.connect()
        let before = try machines ?? known()
        let life = Int64((3000 * max(report.intervalSeconds, intervalSeconds)).rounded(.up))
        let now = report.timeMilliseconds
        pipeline.removeAll()
        try set("host", report.host, life)
        // Without figures of machines it is not known that one is gone: its key goes by itself.
        let isWhole = report.failure == nil
        var after = isWhole ? [:] : before
        for machine in report.machines {
            try set("vm:\(machine.key)", machine, life)
            after[machine.key] = Known(state: machine.state, name: machine.instanceName ?? machine.domain)
        }
        for port in report.ports { try set("port:\(port.interface)", port, life) }
        let portNames = Set(report.ports.map(\.interface))
        for id in before.keys where after[id] == nil { pipeline.add("DEL", settings.key("vm:\(id)")) }
        for name in ports.subtracting(portNames) { pipeline.add("DEL", settings.key("port:\(name)")) }
        index("vms", report.machines.map(\.key), gone: before.keys.filter { after[$0] == nil }, now, life)
        index("ports", Array(portNames), gone: Array(ports.subtracting(portNames)), now, life)
        let hosts = "\(settings.prefix):hosts"
        pipeline.add("ZADD", hosts, "\(now + life)", settings.host)
        pipeline.add("ZREMRANGEBYSCORE", hosts, "-inf", "(\(now)")
        pipeline.add("PEXPIRE", hosts, "\(max(life, Self.longestSilence))")
        tell(from: before, to: after, now)
        pipeline.add("PUBLISH", "\(settings.prefix):update", settings.host)
        try server.run(pipeline)
        (machines, ports) = (after, portNames)
    }

    private func set(_ name: String, _ value: some Encodable, _ life: Int64) throws {
        pipeline.begin(5)
        pipeline.add(word: "SET")
        pipeline.add(word: settings.key(name))
        pipeline.add(word: try encoder.encode(value))
        pipeline.add(word: "PX")
        pipeline.add(word: "\(life)")
        guard pipeline.isFull else { return }
        defer { pipeline.removeAll() }
        try server.run(pipeline)
    }

    /// Writes a sorted set of what there is, each until when, in Unix milliseconds.
    private func index(_ name: String, _ members: [String], gone: [String], _ now: Int64, _ life: Int64) {
        let key = settings.key(name)
        if !members.isEmpty {
            pipeline.begin(2 + 2 * members.count)
            pipeline.add(word: "ZADD")
            pipeline.add(word: key)
            for member in members {
                pipeline.add(word: "\(now + life)")
                pipeline.add(word: member)
            }
        }
        for member in gone { pipeline.add("ZREM", key, member) }
        pipeline.add("ZREMRANGEBYSCORE", key, "-inf", "(\(now)")
        pipeline.add("PEXPIRE", key, "\(life)")
    }

    /// Appends what became of machines to the stream of events.
    private func tell(from before: [String: Known], to after: [String: Known], _ now: Int64) {
        for (id, machine) in after.sorted(by: { $0.key < $1.key }) {
            guard let old = before[id] else {
                event("came", id, machine, [("state", "\(machine.state)")], now)
                continue
            }
            guard old.state != machine.state else { continue }
            event("state", id, machine, [("state", "\(machine.state)"), ("before", "\(old.state)")], now)
        }
        for (id, machine) in before.sorted(by: { $0.key < $1.key }) where after[id] == nil {
            event("gone", id, machine, [("before", "\(machine.state)")], now)
        }
    }

    private func event(_ event: String, _ id: String, _ machine: Known, _ more: [(String, String)], _ now: Int64) {
        let fields = [
            ("event", event), ("host", settings.host), ("vm", id), ("name", machine.name), ("time_ms", "\(now)"),
        ]
        let words = ["XADD", "\(settings.prefix):events", "MAXLEN", "~", "\(Self.mostEvents)", "*"]
        pipeline.begin(words.count + 2 * (fields.count + more.count))
        for word in words { pipeline.add(word: word) }
        for (name, value) in fields + more {
            pipeline.add(word: name)
            pipeline.add(word: value)
        }
    }

    /// The machines that the server has from an earlier process: what has not changed since is no event.
    private func known() throws -> [String: Known] {
        var questions = RedisPipeline()
        questions.add("ZRANGE", settings.key("vms"), "0", "-1")
        let ids = try server.run(questions)[0].elements.compactMap(\.text)
        guard !ids.isEmpty else { return [:] }
        questions.removeAll()
        for id in ids { questions.add("GET", settings.key("vm:\(id)")) }
        var known: [String: Known] = [:]
        for (id, reply) in zip(ids, try server.run(questions)) {
            guard case .bulk(let bytes) = reply,
                let machine = try? JSONDecoder().decode(MachineReport.self, from: Data(bytes))
            else { continue }
            known[id] = Known(state: machine.state, name: machine.instanceName ?? machine.domain)
        }
        return known
    }
}

extension MachineReport {
    /// What its key is called by.
    fileprivate var key: String { instanceID.isEmpty ? domain : instanceID }
}
