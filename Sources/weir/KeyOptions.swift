// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import WeirConfiguration

/// Names the keys whose flags a command has.
protocol KeyChoice: Sendable {
    static var table: KeyTable<Configuration> { get }
}

/// Flags that are made from the declarations of keys.
///
/// The parser finds a command's flags by reflection, and reads them by their names in the mirror: so this type has a mirror of its own
/// with an option or a flag for each key, and no property for any.
struct KeyOptions<Choice: KeyChoice>: ParsableArguments, CustomReflectable {
    /// What the command line has for keys, as it is written; read when the configuration is.
    private var texts: [(key: String, texts: [String])] = []

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: FlagName.self)
        for key in Choice.table.keys {
            guard let flag = key.flag else { continue }
            let name = FlagName(stringValue: key.name)
            let found =
                switch flag.kind {
                case .option: try container.decode(Option<String?>.self, forKey: name).wrappedValue.map { [$0] } ?? []
                case .repeated: try container.decode(Option<[String]>.self, forKey: name).wrappedValue
                case .truth: try container.decode(Flag<Bool>.self, forKey: name).wrappedValue ? ["true"] : []
                }
            if !found.isEmpty { texts.append((key.name, found)) }
        }
    }

    /// What the flags say.
    private func layer() throws(ConfigurationError) -> ConfigurationLayer<Configuration> {
        var layer = ConfigurationLayer(of: ConfigurationKeys.all)
        for (key, texts) in texts { try layer.set(key, flags: texts) }
        return layer
    }

    var customMirror: Mirror {
        let defaults = Configuration(flowLogID: "")
        let flags = Choice.table.keys.compactMap { key in
            key.flag.map {
                (label: Optional(key.name), value: Self.argument(for: key, $0, key.help(defaults: defaults)))
            }
        }
        return Mirror(self, children: flags)
    }

    private static func argument(
        for key: ConfigurationKey<Configuration>, _ flag: ConfigurationFlag, _ sentence: String?
    ) -> Any {
        let name = NameSpecification.customLong(flag.name(for: key.name))
        let help = sentence.map { ArgumentHelp(stringLiteral: $0) }
        let completion = key.choices.isEmpty ? flag.completion.kind : .list(key.choices)
        return switch flag.kind {
        case .option: Option<String?>(name: name, help: help, completion: completion)
        case .repeated: Option<[String]>(wrappedValue: [], name: name, help: help, completion: completion)
        case .truth: Flag<Bool>(wrappedValue: false, name: name, help: help)
        }
    }
}

/// A flag as the parser asks for it.
private struct FlagName: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension ConfigurationFlag.Completion {
    fileprivate var kind: CompletionKind? {
        switch self {
        case .none: nil
        case .directory: .directory
        case .file: .file()
        case .files(let ending): .file(extensions: [ending])
        case .interface: .interface
        }
    }
}

extension KeyOptions {
    /// What flags, environment and the configuration file say together.
    func merged(configFile: String? = nil) throws -> MergedConfiguration<Configuration> {
        try MergedConfiguration(
            flags: try layer(), configFile: configFile, environment: ProcessInfo.processInfo.environment)
    }

    /// The same, without the sources.
    func configuration() throws -> Configuration { try merged().root }
}

/// Every flag that a key has.
enum EveryKey: KeyChoice {
    static let table = ConfigurationKeys.all
}

/// Where the pins and the daemon are.
enum PlaceKeys: KeyChoice {
    static let table = ConfigurationKeys.all.only("bpffs", "socket")
}

/// Where a command attaches ports, and what for.
enum AttachKeys: KeyChoice {
    static let table = ConfigurationKeys.all.only("flows", "bpffs", "socket")
}

/// Where the pins are, and what was loaded.
enum PolicyKeys: KeyChoice {
    static let table = ConfigurationKeys.all.only("bpffs", "state-dir")
}

/// Where the store is.
enum StoreKeys: KeyChoice {
    static let table = ConfigurationKeys.all.only("store", "state-dir")
}

typealias PlaceOptions = KeyOptions<PlaceKeys>
typealias PolicyPlace = KeyOptions<PolicyKeys>
typealias StoreOptions = KeyOptions<StoreKeys>

/// What `weir run` takes its decisions from.
struct RunOptions: ParsableArguments {
    @Option(help: "Configuration file (WEIR_CONFIG, /etc/weir/weir.yaml).", completion: .file(extensions: ["yaml"]))
    var config: String?

    @OptionGroup var keys: KeyOptions<EveryKey>

    /// What `weir run` with these flags would take, and where it comes from.
    func merged() throws -> MergedConfiguration<Configuration> {
        var merged = try keys.merged(configFile: config)
        merged.usePortsOfGuestsIfNone()
        return merged
    }
}
