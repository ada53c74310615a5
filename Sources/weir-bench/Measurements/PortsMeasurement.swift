// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit
import Foundation
import Host
import Logging
import PortAttachment
import WeirConfiguration
import WeirDaemon

/// How long a daemon takes over many ports: wall time, on taps in a network namespace of the bench's own.
///
/// Runs on all CPUs, as a daemon does.
enum PortsMeasurement {
    static func figures(of count: Int) throws -> [PortsFigure] {
        let namespace = try NetworkNamespace("bench")
        try makeTaps(count, in: namespace)
        let directory = PinDirectory(base: "/sys/fs/bpf/weir-bench-\(ProcessInfo.processInfo.processIdentifier)")
        defer { try? remove(directory) }
        return try namespace.inside {
            var figures = [try attachUnhurried(min(count, 100), directory), try attach(count, directory)]
            figures.append(try start(count, directory))
            figures += try adoptAndClose(count, directory, in: namespace)
            return figures
        }
    }

    private static let name = "weirt"
    private static let group = 4711

    private static func makeTaps(_ count: Int, in namespace: NetworkNamespace) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "weir-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        let lines = (0..<count).map { "tuntap add \(name)\($0) mode tap\nlink set \(name)\($0) up group \(group)\n" }
        try Data(lines.joined().utf8).write(to: file)
        try namespace.run(["ip", "-batch", file.path])
    }

    private static func configuration(_ directory: PinDirectory) -> Configuration {
        var configuration = Configuration(flowLogID: "fl-bench")
        configuration.bpffs = directory.base
        configuration.ports = GlobPattern(name + "*").map { [PortRule(pattern: $0)] } ?? []
        return configuration
    }

    private static func keeper(_ directory: PinDirectory) throws -> PortKeeper {
        let configuration = configuration(directory)
        return try PortKeeper(
            installation: try Installation.openOrCreate(directory, configuration.tables), configuration: configuration)
    }

    private static func attach(_ count: Int, _ directory: PinDirectory) throws -> PortsFigure {
        try directory.prepare()
        var keeper = try keeper(directory)
        var attached = 0
        let time = try ContinuousClock().measure { attached = try keeper.attachAll().count }
        guard attached == count else { throw BenchFailure(description: "\(attached) of \(count) ports are attached") }
        return figure("attach", count, time)
    }

    /// The first of them, and the kernel's grace periods as they are; detached again.
    private static func attachUnhurried(_ count: Int, _ directory: PinDirectory) throws -> PortsFigure {
        try directory.prepare()
        let installation = try Installation.openOrCreate(directory, configuration(directory).tables)
        let requests = try (0..<count).map { number in
            AttachRequest(try NetworkInterface.named("\(name)\(number)"), AttachOptions())
        }
        var attached = 0
        let time = try ContinuousClock().measure {
            for outcome in try installation.attach(requests) {
                if case .attached = outcome { attached += 1 }
            }
        }
        guard attached == count else { throw BenchFailure(description: "\(attached) of \(count) ports are attached") }
        for port in try installation.attachedPorts() { try installation.detach(port) }
        try installation.removeIfUnused()
        return figure("attach, RCU not expedited", count, time)
    }

    /// A whole daemon that is started where another has left its ports, until it measures.
    private static func start(_ count: Int, _ directory: PinDirectory) throws -> PortsFigure {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weir-bench-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        var configuration = configuration(directory)
        configuration.stateDirectory = folder.appending(path: "state").path
        configuration.logDirectory = folder.appending(path: "logs").path
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let logger = Logger(label: "weir-bench") { _ in SwiftLogNoOpLogHandler() }
        let clock = ContinuousClock()
        let begin = clock.now
        let daemon = try Daemon(
            configuration: configuration, logger: logger, pid: ProcessInfo.processInfo.processIdentifier)
        let time = clock.now - begin
        guard try daemon.ports().count == count else {
            throw BenchFailure(description: "a daemon that was started has not all ports")
        }
        return figure("start a daemon", count, time)
    }

    /// What the thread of the ports does in it, and when all interfaces go at once.
    private static func adoptAndClose(
        _ count: Int, _ directory: PinDirectory, in namespace: NetworkNamespace
    ) throws -> [PortsFigure] {
        let clock = ContinuousClock()
        let start = clock.now
        var keeper = try keeper(directory)
        let attached = try keeper.attachAll().count
        let adopted = clock.now - start
        guard attached == 0, try keeper.installation.attachedPorts().count == count else {
            throw BenchFailure(description: "\(attached) of \(count) ports are not adopted but attached anew")
        }
        let read = try clock.measure { _ = try keeper.installation.attachedPorts() }
        let looked = try clock.measure { _ = try keeper.review() }
        try namespace.ip("link delete group \(group)")
        var closed = 0
        let closing = try clock.measure {
            while closed < count {
                let gone = try keeper.follow().gone.count
                guard gone > 0 || closed > 0 else { throw BenchFailure(description: "no port is closed") }
                closed += gone
            }
        }
        return [
            figure("adopt", count, adopted), figure("read the register", count, read),
            figure("look at all", count, looked), figure("close", count, closing),
        ]
    }

    private static func figure(_ action: String, _ count: Int, _ time: Duration) -> PortsFigure {
        PortsFigure(action: action, ports: count, milliseconds: time / .milliseconds(1))
    }

    private static func remove(_ directory: PinDirectory) throws {
        guard let installation = try Installation.open(directory) else { return }
        for port in try installation.attachedPorts() { try installation.detach(port) }
        try installation.removeIfUnused()
    }
}
