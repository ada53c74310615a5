// SPDX-License-Identifier: Apache-2.0

package import FlowExport
import FlowFilter
package import FlowModel
import Host

/// A sink of the configuration's list.
package struct SinkRule: Equatable, Sendable {
    package var name: String
    package var kind: SinkSettings.Kind
    /// The directory of files, the address of a server, or where collectors are.
    package var to: [String] = []
    /// The address by which sFlow collectors tell agents apart; nil is that of the socket.
    package var agent: String?
    /// How often sFlow collectors get counters.
    package var interval = Duration.seconds(20)
    /// One packet of so many is sampled; nil: none.
    package var sampling: Int?
    /// Which ports are sampled; none: all.
    package var sampled: [GlobPattern] = []
    /// So many packets a second that the policy drops are sampled; nil: none.
    package var discarded: Int?
    package var format = SinkSettings.Format.aws
    /// The fields of AWS lines, or the columns of Parquet files, separated by spaces; nil is AWS's default format, or all columns.
    package var fields: String?
    /// In the filter language; nil takes all.
    package var filter: String?
    package var log = LogFilter.all
    package var layout = LogFileConfiguration.Layout.plain
    package var hourly = false
    package var publishPeriod = Duration.seconds(300)
    package var fileSize = 75_000_000
    /// nil: what holds for all.
    package var flowLogID: String?
    /// Of Redis.
    package var passwordFile: String?
    package var records = false
    package var maxLength = 100_000
    package var prefix = "weir"
    /// nil: the host's own name.
    package var host: String?

    package init(name: String, kind: SinkSettings.Kind) {
        self.name = name
        self.kind = kind
    }
}

extension SinkRule {
    /// The keys of a sink's mapping.
    package static let keys = KeyTable<SinkRule> {
        ConfigurationKey(
            "name", \.name, .sinkName, defaultText: "must be given",
            "the sink's name in status, metrics and the log, and of its folder in `state-dir`; a new name is a new sink"
        )
        ConfigurationKey(
            "type", \.kind, .word, defaultText: "must be given",
            "`files`: files in AWS's folders; `stdout`: lines on standard output; `redis`: see [redis.md](redis.md); `sflow`: see [sflow.md](sflow.md)"
        )
        ConfigurationKey(
            "to", \.to, .sinkPlaces, defaultText: "must be given, but for stdout",
            "the folder of files; `redis://[USER[:PASSWORD]@]HOST[:PORT][/DATABASE]` or `redis+unix:///PATH[?db=DATABASE]`; a collector of sFlow, `udp://ADDRESS[:PORT]`, or a list of them"
        )
        ConfigurationKey("format", \.format, .word, "as the key `format`")
        ConfigurationKey(
            "fields", \.fields, .fields, defaultText: "AWS's default format; of Parquet all columns",
            "as the key `fields`, with the formats aws and parquet")
        ConfigurationKey(
            "filter", \.filter, .filterText, defaultText: "all",
            "which records the sink gets, in the [filter language](filters.md)")
        ConfigurationKey("log", \.log, .word, "as the key `log`; a port's own key is stronger")
        ConfigurationKey("layout", \.layout, .word, "as the key `layout`")
        ConfigurationKey("hourly", \.hourly, .truth, "as the key `hourly`")
        ConfigurationKey(
            "publish-period", \.publishPeriod, .duration(.seconds(1) ... .seconds(86_400)),
            "as the key `publish-period`")
        ConfigurationKey("file-size", \.fileSize, .size(1_000...5_000_000_000), "as the key `file-size`")
        ConfigurationKey(
            "flow-log-id", \.flowLogID, .identifier, defaultText: "the key above", "as the key `flow-log-id`")
        redis
        sflow
    }

    /// Those of Redis alone.
    @KeyTableBuilder<SinkRule> private static var redis: [ConfigurationKey<SinkRule>] {
        ConfigurationKey(
            "password-file", \.passwordFile, .path, defaultText: "the one in `to`",
            "Redis: the file whose first line is the password")
        ConfigurationKey(
            "records", \.records, .truth, "Redis: delivers the records of each window to a stream, beside the state")
        ConfigurationKey(
            "max-length", \.maxLength, .count(1...100_000_000), "Redis: how many records the stream keeps, about")
        ConfigurationKey("prefix", \.prefix, .identifier, "Redis: what all keys begin with")
        ConfigurationKey(
            "host", \.host, .identifier, defaultText: "the host's name", "Redis: what this host is called in keys")
    }

    /// Those of sFlow alone.
    @KeyTableBuilder<SinkRule> private static var sflow: [ConfigurationKey<SinkRule>] {
        ConfigurationKey(
            "agent", \.agent, .address, defaultText: "the address that datagrams to the first collector come from",
            "sFlow: the address by which collectors tell hosts apart")
        ConfigurationKey(
            "interval", \.interval, .duration(.seconds(1) ... .seconds(3_600)), "sFlow: how often counters are sent")
        ConfigurationKey(
            "sampling", \.sampling, .count(1...16_777_216), defaultText: "none",
            "sFlow: one packet of so many is sampled, in the kernel; of sinks that sample the same port the first decides"
        )
        ConfigurationKey(
            "discarded", \.discarded, .count(1...10_000), defaultText: "none",
            "sFlow: so many packets a second that an enforced policy drops are sent as samples; the others are counted")
        ConfigurationKey(
            "sampled", \.sampled, .patterns, defaultText: "all",
            "sFlow: the ports of the two keys above: a pattern, or a list of them")
    }

    /// Reads one entry of `sinks`.
    init(_ setting: Setting) throws(ConfigurationError) {
        guard setting.isMapping else { throw setting.mustBe("a mapping with name and type") }
        let entries = try Self.keys.entries(of: setting)
        func value(of name: String) -> Setting? { entries.first { $0.key.name == name }?.setting }
        guard let name = value(of: "name"), let kind = value(of: "type") else {
            throw ConfigurationError(setting.place, "a sink needs the keys name and type")
        }
        self.init(
            name: try ValueForm<String>.sinkName.read(name), kind: try ValueForm<SinkSettings.Kind>.word.read(kind))
        for (key, setting) in entries { try key.read(setting).put(&self) }
        try check(value(of: "to"), setting)
        switch self.kind {
        case .redis: try refuse(formats: entries.map(\.setting))
        case .sflow: try refuse(records: entries.map(\.setting))
        case .files, .stdout: try refuse(Self.redis, of: .redis, entries.map(\.setting))
        }
        if self.kind != .sflow {
            try refuse(Self.sflow, of: .sflow, entries.map(\.setting))
        }
        if self.kind == .stdout, format == .parquet {
            throw ConfigurationError(
                setting.place, "Parquet is for files, not for standard output: choose aws, json or csv as the format")
        }
        if let fields = value(of: "fields") { try refuse(fields) }
        if let sampled = value(of: "sampled"), sampling == nil, discarded == nil {
            throw ConfigurationError(sampled.place, "sampled has a meaning only with sampling or discarded")
        }
    }

    /// Whether the destination is one for the kind of sink.
    private func check(_ to: Setting?, _ setting: Setting) throws(ConfigurationError) {
        switch kind {
        case .stdout:
            if let to { throw ConfigurationError(to.place, "to has no meaning for standard output; leave it out") }
        case .files:
            guard let folder = self.to.first, self.to.count == 1 else {
                throw ConfigurationError(setting.place, "the sink \(name) needs the key to, the folder of its files")
            }
            guard !folder.contains("://") else {
                throw ConfigurationError(to?.place, "to must be a path from the root, the folder of files")
            }
        case .redis:
            guard let server = self.to.first, self.to.count == 1 else {
                throw ConfigurationError(setting.place, "the sink \(name) needs the key to, the address of its server")
            }
            do { _ = try RedisAddress(server) } catch { throw ConfigurationError(to?.place, "to \(error)") }
        case .sflow:
            guard !self.to.isEmpty, self.to.allSatisfy({ CollectorAddress($0) != nil }) else {
                throw ConfigurationError(
                    to?.place ?? setting.place,
                    "the sink \(name) needs the key to, an sFlow collector as udp://ADDRESS:PORT or a list of them; names are not resolved"
                )
            }
        }
    }

    private func refuse(
        _ keys: [ConfigurationKey<SinkRule>], of kind: SinkSettings.Kind, _ settings: [Setting]
    ) throws(ConfigurationError) {
        for setting in settings where keys.contains(where: { $0.name == setting.name }) {
            throw ConfigurationError(
                setting.place, "\(setting.name) has a meaning only for sinks of the type \(kind.rawValue)")
        }
    }

    /// sFlow takes no records, and so nothing that says which or how.
    private func refuse(records settings: [Setting]) throws(ConfigurationError) {
        let own = ["name", "type", "to"] + Self.sflow.map(\.name)
        for setting in settings where !own.contains(setting.name) {
            throw ConfigurationError(setting.place, "\(setting.name) has no meaning for sFlow; leave it out")
        }
    }

    private func refuse(formats settings: [Setting]) throws(ConfigurationError) {
        for setting in settings where ["format", "fields"].contains(setting.name) {
            throw ConfigurationError(setting.place, "records go to Redis as JSON; leave \(setting.name) out")
        }
    }

    /// Fields that the format does not have.
    private func refuse(_ fields: Setting) throws(ConfigurationError) {
        guard format.hasFields else {
            throw ConfigurationError(fields.place, "fields has a meaning only with the formats aws and parquet")
        }
        if let error = format.fault(of: self.fields) { throw ConfigurationError(fields.place, "fields: \(error)") }
    }

    /// As it would be written.
    fileprivate var value: ConfigurationValue {
        let plain = SinkRule(name: name, kind: kind)
        let entries = Self.keys.keys.compactMap { key -> ConfigurationValue.Entry? in
            guard ["name", "type"].contains(key.name) || !key.isEqual(self, plain), let value = key.value(self) else {
                return nil
            }
            return ConfigurationValue.Entry(key: key.name, value: value)
        }
        return .mapping(entries)
    }
}

extension SinkSettings.Format {
    /// Whether the operator can choose what a record has.
    var hasFields: Bool { self == .aws || self == .parquet }

    /// What is wrong with fields that were chosen, if anything is.
    func fault(of fields: String?) -> (any Error)? {
        var settings = SinkSettings(name: "", kind: .files)
        (settings.format, settings.fields) = (self, fields)
        do { _ = try settings.content() } catch { return error }
        return nil
    }
}

extension ValueForm<[SinkRule]> {
    static var sinkRules: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                guard let elements = setting.elements else { throw setting.mustBe("a list of sinks") }
                var rules: [SinkRule] = []
                for setting in elements {
                    let rule = try SinkRule(setting)
                    guard !rules.contains(where: { $0.name == rule.name }) else {
                        throw ConfigurationError(setting.place, "two sinks have the name \(rule.name)")
                    }
                    rules.append(rule)
                }
                return rules
            }, write: { $0.isEmpty ? nil : .list($0.map(\.value)) })
    }
}

extension ValueForm<[String]> {
    /// A path, or an address as its kind of sink reads it, which is shown without its password; or a list.
    static var sinkPlaces: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                var places: [String] = []
                for setting in setting.elements ?? [setting] {
                    if let text = setting.text, text.contains("://") {
                        places.append(CollectorAddress(text)?.description ?? text)
                    } else {
                        places.append(try setting.path())
                    }
                }
                return places
            },
            write: { places in
                let shown = places.map { ConfigurationValue.text((try? RedisAddress($0))?.description ?? $0) }
                return shown.count > 1 ? .list(shown) : shown.first
            })
    }
}

extension ValueForm<String> {
    /// The name of a sink: that of a folder, too. Those of the short forms are taken.
    static var sinkName: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                let name = try setting.identifier()
                guard !Configuration.shortSinkNames.contains(name), name.utf8.count <= 64 else {
                    throw setting.mustBe(
                        "a name of at most 64 bytes other than \(Configuration.shortSinkNames.listed(by: "and")), which log-dir and stdout have"
                    )
                }
                return name
            }, write: { .text($0) })
    }

    /// An IP address, as it is usually written.
    static var address: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                try setting.read("an IPv4 or IPv6 address") { text in IPAddress(text).map { "\($0)" } }
            }, write: { .text($0) })
    }

    static var filterText: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                let text = try setting.read("a filter, such as reject and dst port 22") { $0.isEmpty ? nil : $0 }
                let services = ServiceNames.read()
                do { _ = try FlowFilter(text, service: services.port(of:)) } catch {
                    throw ConfigurationError(setting.place, "\(setting.name): \(error)")
                }
                return text
            }, write: { .text($0) })
    }
}
