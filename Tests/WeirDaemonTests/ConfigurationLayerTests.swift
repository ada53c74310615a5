// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Foundation
import OpenVSwitch
import Testing
import WeirDaemon

@Suite("Configuration layer")
struct ConfigurationLayerTests {
    @Test("a flag decides before the environment, that before the file, that before the default")
    func precedence() throws {
        var flags = ConfigurationLayer()
        try flags.set(.bpffs, flag: "/flag")
        let environment = try ConfigurationLayer(
            environment: ["WEIR_BPFFS": "/env", "WEIR_STATE_DIR": "/env", "WEIR_SOCKET": ""])
        let file = try ConfigurationFile(
            path: "w", content: Data("bpffs: /file\nstate-dir: /file\nsocket: /file\n".utf8)
        ).layer()

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
        var layer = ConfigurationLayer()
        try layer.set(.interval, flag: "5m")
        try layer.set(.logDirectory, flag: "logs")
        try layer.set(.fields, flag: "version srcaddr")
        #expect(layer.interval == .seconds(300))
        #expect(layer.logDirectory == "logs")
        #expect(layer.fields == "version srcaddr")
        let error = #expect(throws: ConfigurationError.self) { try layer.set(.interval, flag: "0") }
        #expect(
            error?.description
                == #"--interval must be whole seconds from 1s to 1h, such as 60, 60s, 5m or 1h, not "0""#)
        #expect(layer.interval == .seconds(300))
    }

    @Test("the ports of the flags stand in for those of the file")
    func ports() throws {
        var flags = ConfigurationLayer()
        let file = try ConfigurationFile(path: "w", content: Data("ports: [eth0]".utf8)).layer()
        try flags.setPorts([])
        #expect(Configuration(layers: [flags, file], defaultFlowLogID: "").ports.map(\.pattern.text) == ["eth0"])
        try flags.setPorts(["tap*", "vnet0"])
        #expect(
            Configuration(layers: [flags, file], defaultFlowLogID: "").ports.map(\.pattern.text) == ["tap*", "vnet0"])
        let error = #expect(throws: ConfigurationError.self) { try flags.setPorts(["a b"]) }
        #expect(
            error?.description
                == #"--port must be a pattern of interface names, such as tap*, vnet? or eth[0-3], not "a b""#)
    }

    @Test("who names a switch's directory or bridges means that switch, unless it is said not to")
    func ovs() throws {
        var flags = ConfigurationLayer()
        #expect(Configuration(layers: [flags], defaultFlowLogID: "").ovs == nil)
        flags.ovs = true
        #expect(Configuration(layers: [flags], defaultFlowLogID: "").ovs == SwitchChoice())
        flags = ConfigurationLayer()
        try flags.setBridges(["br0", "br1"])
        #expect(Configuration(layers: [flags], defaultFlowLogID: "").ovs?.bridges == ["br0", "br1"])
        let file = try ConfigurationFile(path: "w", content: Data("ovs: false\novs-rundir: /run/x\n".utf8)).layer()
        #expect(Configuration(layers: [file], defaultFlowLogID: "").ovs == nil)
        let standIn = try ConfigurationFile(path: "w", content: Data("ovs-stand-in: true\n".utf8)).layer()
        #expect(Configuration(layers: [standIn], defaultFlowLogID: "").ovs?.standsIn == true)
        let one = try ConfigurationFile(path: "w", content: Data("ovs-bridges: br0\n".utf8)).layer()
        #expect(Configuration(layers: [one], defaultFlowLogID: "").ovs?.bridges == ["br0"])
        var error = #expect(throws: ConfigurationError.self) { try flags.setBridges(["br 0"]) }
        #expect(error?.description == #"--ovs-bridge must be the name of a bridge, not "br 0""#)
        let long = "/" + String(repeating: "x", count: 99)
        error = #expect(throws: ConfigurationError.self) { try flags.set(.ovsRunDirectory, flag: long) }
        #expect(error?.description.hasPrefix("--ovs-rundir must be a path of at most 99 bytes, not ") == true)
    }

    @Test("a variable that is wrong is named")
    func environment() {
        let path = "/" + String(repeating: "x", count: 107)
        let error = #expect(throws: ConfigurationError.self) {
            try ConfigurationLayer(environment: ["WEIR_SOCKET": path])
        }
        #expect(error?.description.hasPrefix("WEIR_SOCKET must be a path of at most 107 bytes, not ") == true)
    }

    @Test("a file is published no more often than a window ends", arguments: [(10, 300), (300, 300), (600, 600)])
    func publishPeriod(interval: Int, period: Int) throws {
        var flags = ConfigurationLayer()
        try flags.set(.interval, flag: "\(interval)")
        let configuration = Configuration(layers: [flags], defaultFlowLogID: "fl-0")
        #expect(configuration.publishPeriod == .seconds(period))
    }

    @Test("lines are printed where there is no log directory, unless somebody says otherwise")
    func standardOutput() throws {
        var layer = ConfigurationLayer()
        #expect(Configuration(layers: [layer], defaultFlowLogID: "").printsLines)
        layer.stdout = false
        #expect(!Configuration(layers: [layer], defaultFlowLogID: "").printsLines)
        layer.stdout = nil
        layer.logDirectory = "/srv"
        #expect(!Configuration(layers: [layer], defaultFlowLogID: "").printsLines)
    }

    @Test("a file that is named is read, and must be there")
    func load() throws {
        let path = FileManager.default.temporaryDirectory.path + "/weir-\(UUID().uuidString).yaml"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try "flows: 77\n".write(toFile: path, atomically: true, encoding: .utf8)
        let flags = ConfigurationLayer()
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
