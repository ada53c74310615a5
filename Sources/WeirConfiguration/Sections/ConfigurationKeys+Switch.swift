// SPDX-License-Identifier: Apache-2.0

import OpenVSwitch

extension ConfigurationKeys {
    /// Open vSwitch.
    @KeyTableBuilder<Configuration> static var openVSwitch: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "ovs", \.followsSwitch, .truth,
            flag: .truth("Measure the guests of Open vSwitch, as its ports come and go"), reload: .restart,
            defaultText: "`false`; `true` with one of the next four", defaultRule: isMeant,
            "measures the guests of Open vSwitch, as its ports come and go: see [ovs.md](ovs.md)")
        ConfigurationKey(
            "ovs-rundir", \.switchChoice.runDirectory, .runDirectory,
            flag: .option("Run directory of Open vSwitch", .directory), reload: .restart, "the folder of its sockets")
        ConfigurationKey(
            "ovs-control", \.switchChoice.control, .socketPath,
            flag: .option("Control socket of ovs-vswitchd", .file),
            reload: .restart, defaultText: "found in the run directory",
            "the control socket of `ovs-vswitchd`: see [ovs.md](ovs.md)")
        ConfigurationKey(
            "ovs-bridges", \.switchChoice.bridges, .bridges,
            flag: .repeated("ovs-bridge", "Bridge whose guests are measured; may be given again"),
            reload: .restart, defaultText: "all",
            "the bridges whose guests are measured: a name, or a list of names. `--ovs-bridge`, once or more, stands in for it"
        )
        ConfigurationKey(
            "ovs-stand-in", \.switchChoice.standsIn, .truth,
            flag: .truth(
                "Where frames to a guest are not observed, records of the bridge's other ports stand in, marked"),
            reload: .restart,
            """
            where frames to a guest are not observed, records of the bridge's other ports stand in, marked: see [ovs.md](ovs.md). \
            Needs `format: json`
            """)
        ConfigurationKey(
            "ovs-verdicts", \.switchChoice.judges, .truth, reload: .restart,
            "judges records by what the switch does with their packets: see [verdicts.md](verdicts.md)")
        ConfigurationKey(
            "ovs-trace-rate", \.switchChoice.traceRate, .count(0...1000), reload: .restart,
            "how many packets a second the switch may be asked about")
    }

    /// Naming a switch's directory or bridges chooses that switch.
    private static func isMeant(_ configuration: Configuration, _ given: GivenKeys) -> Bool {
        configuration.switchChoice.standsIn
            || ["ovs-rundir", "ovs-control", "ovs-bridges"].contains { given[$0] != nil }
    }
}

extension ValueForm<String> {
    /// A folder with room for the name of a socket in it.
    static var runDirectory: Self {
        let longest = 107 - 1 - SwitchChoice.socketName.utf8.count
        return Self(
            limits: "at most \(longest) bytes",
            read: { setting throws(ConfigurationError) in
                let path = try setting.path()
                guard path.utf8.count <= longest else { throw setting.mustBe("a path of at most \(longest) bytes") }
                return path
            }, write: { .text($0) })
    }
}

extension ValueForm<[String]> {
    /// A name, or a list of names; no name is no value.
    static var bridges: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                var names: [String] = []
                for setting in setting.elements ?? [setting] { names.append(try setting.bridge()) }
                return names
            }, write: { $0.isEmpty ? nil : .list($0.map { .text($0) }) })
    }
}

extension Setting {
    fileprivate func bridge() throws(ConfigurationError) -> String {
        try read("the name of a bridge") { text in
            text.isEmpty || text.contains { $0.isWhitespace || $0 == "/" } ? nil : text
        }
    }
}
