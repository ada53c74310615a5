// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowTestKit
import Foundation
import Logging
import OpenVSwitch

/// The cost to a real Open vSwitch of polling its megaflows: its CPU time without polling, and with Weir's.
final class PollingMeasurement {
    private let hub: NetworkNamespace
    private let sender: NetworkNamespace
    private let receiver: NetworkNamespace
    private let vSwitch: OpenVSwitch
    private let megaflows: Int
    private static let firstPort = 10_000

    static func figure(megaflows: Int, seconds: Double) throws -> PollingFigure {
        let measurement = try PollingMeasurement(megaflows)
        defer { measurement.vSwitch.close() }
        return try measurement.figure(seconds)
    }

    private init(_ megaflows: Int) throws {
        self.megaflows = megaflows
        hub = try NetworkNamespace("bench")
        sender = try NetworkNamespace("bench")
        receiver = try NetworkNamespace("bench")
        // They stay without traffic: what is measured is the looking.
        vSwitch = try OpenVSwitch(in: hub, settings: ["max-idle": "3600000"])
        try vSwitch.addBridge("br0")
        for (end, port) in zip([sender, receiver], ["port-a", "port-b"]) {
            try end.addPair("eth0", to: hub, port)
            try vSwitch.addPort(port, to: "br0")
        }
        try setRules()
        try fill()
    }

    /// One rule, and so one megaflow, a port.
    private func setRules() throws {
        let rules = (0..<megaflows).map { index in
            let action = index % 3 == 0 ? "drop" : "normal"
            return "cookie=\(0x1000 + index),priority=100,udp,tp_dst=\(Self.firstPort + index),actions=\(action)\n"
        }
        let file = vSwitch.path("rules")
        try Data((rules.joined() + "priority=0,actions=normal\n").utf8).write(to: URL(filePath: file))
        try ChildProcess.run(["ovs-ofctl", "--bundle", "replace-flows", vSwitch.path("br0.mgmt"), file])
    }

    private func fill() throws {
        let injector = try FrameInjector(on: "eth0", in: sender)
        for _ in 0..<20 {
            for index in 0..<megaflows {
                let port = UInt16(Self.firstPort + index)
                try injector.send(Frame(.ethernet(), .ipv4(), .udp(from: 7, to: port), .padding()).bytes)
                // What the switch has not taken yet is dropped.
                if index % 50 == 0 { Thread.sleep(forTimeInterval: 0.002) }
            }
            if try count() >= megaflows { return }
        }
        throw BenchFailure(description: "the switch has \(try count()) megaflows, not \(megaflows)")
    }

    private func count() throws -> Int {
        try vSwitch.appctl("dpctl/dump-flows", "--names", "netdev@ovs-netdev")
            .split(separator: "\n").count { $0.contains("udp(dst=") }
    }

    private func figure(_ seconds: Double) throws -> PollingFigure {
        let alone = try percent(seconds)
        let logger = Logger(label: "weir-bench") { _ in SwiftLogNoOpLogHandler() }
        var choice = SwitchChoice()
        choice.runDirectory = vSwitch.runDirectory
        let board = SwitchBoard(choice)
        board.take(try SwitchClient.ports(of: choice))
        guard let watch = MegaflowWatch(board, logger: logger) else {
            throw BenchFailure(description: "megaflows were not polled")
        }
        let watched = try percent(seconds)
        let report = watch.board.report
        guard report.megaflows >= megaflows, Double(report.polls) >= seconds / 6, report.tracesAnswered > 0 else {
            throw BenchFailure(
                description: "\(report.polls) looks at \(report.megaflows) megaflows: \(report.failure ?? "")")
        }
        return PollingFigure(megaflows: megaflows, seconds: seconds, percentAlone: alone, percentWatched: watched)
    }

    /// CPU time of the switch, all its threads, of the time that passes.
    private func percent(_ seconds: Double) throws -> Double {
        let before = try ticks()
        let start = ContinuousClock.now
        Thread.sleep(forTimeInterval: seconds)
        let passed = (ContinuousClock.now - start) / .seconds(1)
        return Double(try ticks() - before) / Double(sysconf(Int32(_SC_CLK_TCK))) / passed * 100
    }

    /// utime and stime of proc_pid_stat(5).
    private func ticks() throws -> UInt64 {
        guard let pid = vSwitch.daemonPID else { throw BenchFailure(description: "the switch has ended") }
        let stat = try String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)
        let words = stat[(stat.lastIndex(of: ")") ?? stat.startIndex)...].split(separator: " ")
        guard words.count > 13, let user = UInt64(words[12]), let system = UInt64(words[13]) else {
            throw BenchFailure(description: "cannot read what the switch has worked")
        }
        return user + system
    }
}
