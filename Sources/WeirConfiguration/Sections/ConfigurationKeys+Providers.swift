// SPDX-License-Identifier: Apache-2.0

package import DirectoryProviders

extension ConfigurationKeys {
    /// Programs that say whose interfaces are, and what the machines behind them do.
    @KeyTableBuilder<Configuration> static var providers: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "providers", \.providers, .providers,
            "programs that say whose interfaces are, in their order of precedence: see below and [providers.md](providers.md)"
        )
        ConfigurationKey(
            "libvirt", \.asksLibvirt, .truth,
            "ask libvirt whose interfaces are, where its socket is on this host, though `providers` has no entry for it"
        )
        ConfigurationKey(
            "qemu-names", \.namesQEMU, .truth, reload: .restart,
            """
            names taps by the command lines of the QEMU processes that have them: see [providers.md](providers.md). `false` leaves \
            the command lines of other processes unread
            """)
        ConfigurationKey(
            "monitor-interval", \.monitorInterval, .duration(.zero ... .seconds(3600)),
            flag: .option("How often figures of the host, machines and ports are read; 0 reads none"),
            "how often the figures of the host, its machines and the ports are read; `0` reads none: see [monitor.md](monitor.md)"
        )
    }

    /// The table of the keys of a provider's entry.
    package static var markdownOfProviders: String {
        ProviderChoice.keys.markdown(defaults: ProviderChoice(name: ""))
    }
}

extension ProviderChoice {
    /// The keys of a provider's mapping.
    package static let keys = KeyTable<ProviderChoice> {
        ConfigurationKey(
            "name", \.name, .identifier, defaultText: "must be given",
            "the provider's name in status, metrics and the log")
        ConfigurationKey(
            "command", \.command, .command, defaultText: "must be given, or `uri`",
            "the program, with its path from the root, and its arguments: a list")
        ConfigurationKey(
            "uri", \.uri, .hypervisor, defaultText: "must be given, or `command`",
            "libvirt's name of a hypervisor, such as `qemu:///system`: the provider is `weir-libvirt`")
        ConfigurationKey(
            "every", \.every, .duration(.seconds(1) ... .seconds(86_400)),
            "how long after it has ended with status 0 it is started again")
        ConfigurationKey(
            "silence", \.silence, .duration(.seconds(1) ... .seconds(86_400)), defaultText: "it may be silent",
            "how long it may print nothing, not even an empty line, before it is started again")
    }

    /// Reads one entry of `providers`.
    fileprivate init(_ setting: Setting) throws(ConfigurationError) {
        guard setting.isMapping else { throw setting.mustBe("a mapping with name, and command or uri") }
        let entries = try Self.keys.entries(of: setting)
        let given = Set(entries.map(\.key.name))
        guard given.contains("name"), given.contains("command") != given.contains("uri") else {
            throw ConfigurationError(setting.place, "a provider needs the key name, and one of command and uri")
        }
        self.init(name: "")
        for (key, setting) in entries { try key.read(setting).put(&self) }
    }

    fileprivate var value: ConfigurationValue {
        let plain = ProviderChoice(name: "")
        return .mapping(
            Self.keys.keys.compactMap { key in
                guard !key.isEqual(self, plain), let value = key.value(self) else { return nil }
                return ConfigurationValue.Entry(key: key.name, value: value)
            })
    }
}

extension ValueForm<[ProviderChoice]> {
    fileprivate static var providers: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                guard let elements = setting.elements else { throw setting.mustBe("a list of providers") }
                var choices: [ProviderChoice] = []
                for setting in elements {
                    let choice = try ProviderChoice(setting)
                    guard !choices.contains(where: { $0.name == choice.name }) else {
                        throw ConfigurationError(setting.place, "two providers have the name \(choice.name)")
                    }
                    choices.append(choice)
                }
                return choices
            }, write: { $0.isEmpty ? nil : .list($0.map(\.value)) })
    }
}

extension ValueForm<[String]> {
    fileprivate static var command: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                let allowed = "a list of a program and its arguments, such as [/usr/local/bin/inventory, --watch]"
                guard let elements = setting.elements, let program = elements.first else {
                    throw setting.mustBe(allowed)
                }
                var words = [try program.path()]
                for setting in elements.dropFirst() {
                    words.append(try setting.read("a text without a zero byte") { $0.utf8.contains(0) ? nil : $0 })
                }
                return words
            }, write: { $0.isEmpty ? nil : .list($0.map { .text($0) }) })
    }
}

extension ValueForm<String> {
    fileprivate static var hypervisor: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                try setting.read("a hypervisor as libvirt names it, such as qemu:///system") { text in
                    text.contains(":") && !text.contains { $0.isWhitespace || $0 == "\0" } ? text : nil
                }
            }, write: { .text($0) })
    }
}
