// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import OpenVSwitch
import Testing
import WeirConfiguration

@Suite("Configuration layer")
struct ConfigurationLayerTests {
    private func read(_ text: String) throws -> ConfigurationLayer<Configuration> {
        let file = try ConfigurationFile(path: "w", content: Data(text.utf8))
        return try ConfigurationLayer(of: ConfigurationKeys.all, file)
    }

    @Test("a flag decides before the environment, that before the file, that before the default")
    func precedence() throws {
        var flags = ConfigurationLayer(of: ConfigurationKeys.all)
        try flags.set("bpffs", flag: "/flag")
        let environment = try ConfigurationLayer(
            of: ConfigurationKeys.all, environment: ["WEIR_BPFFS": "/env", "WEIR_STATE_DIR": "/env", "WEIR_SOCKET": ""])
        let file = try read("bpffs: /file\nstate-dir: /file\nsocket: /file\n")

        let all = Configuration(layers: [flags, environment, file], defaultFlowLogID: "fl-0")
        #expect([all.bpffs, all.stateDirectory, all.socket] == ["/flag", "/env", "/file"])
        let none = Configuration(layers: [], defaultFlowLogID: "fl-0")
        #expect(
            [none.bpffs, none.stateDirectory, none.socket] == [
                "/sys/fs/bpf/weir", "/var/lib/weir", "/run/weir/weir.sock",
            ])
    }

    @Test("every flag has the rules of its key, and is named in the complaint")
    func flags() throws {
        var layer = ConfigurationLayer(of: ConfigurationKeys.all)
        try layer.set("interval", flag: "5m")
        try layer.set("log-dir", flag: "logs")
        try layer.set("fields", flag: "version srcaddr")
        var configuration = Configuration(layers: [layer], defaultFlowLogID: "")
        #expect(configuration.interval == .seconds(300))
        #expect(configuration.logDirectory == "logs")
        #expect(configuration.fields == "version srcaddr")
        let error = #expect(throws: ConfigurationError.self) { try layer.set("interval", flag: "0") }
        #expect(
            error?.description
                == #"--interval must be whole seconds from 1s to 1h, such as 60, 60s, 5m or 1h, not "0""#)
        configuration = Configuration(layers: [layer], defaultFlowLogID: "")
        #expect(configuration.interval == .seconds(300))
    }

    @Test("the ports of the flags stand in for those of the file")
    func ports() throws {
        var flags = ConfigurationLayer(of: ConfigurationKeys.all)
        let file = try read("ports: [eth0]")
        try flags.set("ports", flags: [])
        #expect(Configuration(layers: [flags, file], defaultFlowLogID: "").ports.map(\.pattern.text) == ["eth0"])
        try flags.set("ports", flags: ["tap*", "vnet0"])
        #expect(
            Configuration(layers: [flags, file], defaultFlowLogID: "").ports.map(\.pattern.text) == ["tap*", "vnet0"])
        let error = #expect(throws: ConfigurationError.self) { try flags.set("ports", flags: ["a b"]) }
        #expect(
            error?.description
                == #"--port must be a pattern of interface names, such as tap*, vnet? or eth[0-3], not "a b""#)
    }

    @Test("who names a switch's directory or bridges means that switch, unless it is said not to")
    func ovs() throws {
        var flags = ConfigurationLayer(of: ConfigurationKeys.all)
        #expect(Configuration(layers: [flags], defaultFlowLogID: "").ovs == nil)
        try flags.set("ovs", flag: "true")
        #expect(Configuration(layers: [flags], defaultFlowLogID: "").ovs == SwitchChoice())
        flags = ConfigurationLayer(of: ConfigurationKeys.all)
        try flags.set("ovs-bridges", flags: ["br0", "br1"])
        #expect(Configuration(layers: [flags], defaultFlowLogID: "").ovs?.bridges == ["br0", "br1"])
        let file = try read("ovs: false\novs-rundir: /run/x\n")
        #expect(Configuration(layers: [file], defaultFlowLogID: "").ovs == nil)
        let standIn = try read("ovs-stand-in: true\n")
        #expect(Configuration(layers: [standIn], defaultFlowLogID: "").ovs?.standsIn == true)
        let one = try read("ovs-bridges: br0\n")
        #expect(Configuration(layers: [one], defaultFlowLogID: "").ovs?.bridges == ["br0"])
        var error = #expect(throws: ConfigurationError.self) { try flags.set("ovs-bridges", flags: ["br 0"]) }
        #expect(error?.description == #"--ovs-bridge must be the name of a bridge, not "br 0""#)
        let long = "/" + String(repeating: "x", count: 99)
        error = #expect(throws: ConfigurationError.self) { try flags.set("ovs-rundir", flag: long) }
        #expect(error?.description.hasPrefix("--ovs-rundir must be a path of at most 99 bytes, not ") == true)
    }

    @Test("a variable that is wrong is named")
    func environment() {
        let path = "/" + String(repeating: "x", count: 107)
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationLayer(of: ConfigurationKeys.all, environment: ["WEIR_SOCKET": path])
        }
        #expect(error?.description.hasPrefix("WEIR_SOCKET must be a path of at most 107 bytes, not ") == true)
    }

    @Test("a file is published no more often than a window ends", arguments: [(10, 300), (300, 300), (600, 600)])
    func publishPeriod(interval: Int, period: Int) throws {
        var flags = ConfigurationLayer(of: ConfigurationKeys.all)
        try flags.set("interval", flag: "\(interval)")
        let configuration = Configuration(layers: [flags], defaultFlowLogID: "fl-0")
        #expect(configuration.publishPeriod == .seconds(period))
    }

    @Test("lines are printed where there is no log directory, unless somebody says otherwise")
    func standardOutput() throws {
        var layer = ConfigurationLayer(of: ConfigurationKeys.all)
        #expect(Configuration(layers: [layer], defaultFlowLogID: "").printsLines)
        try layer.set("stdout", flag: "false")
        #expect(!Configuration(layers: [layer], defaultFlowLogID: "").printsLines)
        layer = ConfigurationLayer(of: ConfigurationKeys.all)
        try layer.set("log-dir", flag: "/srv")
        #expect(!Configuration(layers: [layer], defaultFlowLogID: "").printsLines)
    }

    @Test("a file that is named is read, and must be there")
    func load() throws {
        let path = FileManager.default.temporaryDirectory.path + "/weir-\(UUID().uuidString).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "flows: 77\n".write(toFile: path, atomically: true, encoding: .utf8)
        let flags = ConfigurationLayer(of: ConfigurationKeys.all)
        #expect(
            try Configuration.load(flags: flags, configFile: path, environment: ["WEIR_CONFIG": "/no"]).tables
                .flowBudget == 77)
        #expect(
            try Configuration.load(flags: flags, configFile: nil, environment: ["WEIR_CONFIG": path]).tables.flowBudget
                == 77)
        #expect(throws: ConfigurationError.self) {
            try Configuration.load(flags: flags, configFile: "/no", environment: ["WEIR_CONFIG": path])
        }
    }

    @Test("a flow log id made from the host's name is stable and well formed")
    func flowLogID() {
        // The hash of "foobar" is in the test suite of the FNV reference code.
        #expect(Configuration.flowLogID(forHost: "foobar\n") == "fl-bf9cf968")
        #expect(Configuration.flowLogID(forHost: "") == "fl-811c9dc5")
    }
}
