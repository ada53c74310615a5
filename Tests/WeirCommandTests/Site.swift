// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowKernel
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

/// Two guests behind a bridge, with a Weir of their own beside it.
///
///     left  10.9.0.1, fd09::1 ── eth0 ── port-a ┐          ┌ port-b ── eth0 ── right  10.9.0.2, fd09::2
///                                               └─ bridge ─┘
///                                port-idle, on no bridge, has a guest that says nothing
///
/// Nothing is on the wires but what a test sends.
final class Site {
    let hub: NetworkNamespace
    let left: NetworkNamespace
    let right: NetworkNamespace
    let folder: String
    let bpffs: String
    private var daemons: [ChildProcess] = []
    private var mounts: [String] = []

    static let addresses: [(left: IPAddress, right: IPAddress)] = [("10.9.0.1", "10.9.0.2"), ("fd09::1", "fd09::2")]

    /// Makes a site for the body and takes it away afterwards, whatever happens.
    ///
    /// - Parameter isBridged: whether there is the bridge; else whoever wants one makes it.
    static func with(isBridged: Bool = true, _ body: (Site) throws -> Void) throws {
        let site = try Site(isBridged: isBridged)
        defer { site.close() }
        try body(site)
    }

    private init(isBridged: Bool) throws {
        let id = "weir-t\(ProcessInfo.processInfo.processIdentifier)-\(UInt32.random(in: 0...(.max)))"
        folder = "/tmp/\(id)"
        bpffs = "/sys/fs/bpf/\(id)"
        hub = try NetworkNamespace("hub")
        left = try NetworkNamespace("left")
        right = try NetworkNamespace("right")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try write("account-id: 123456789012\nregion: local-1\npublish-period: 1s\n", to: "weir.yaml")
        try wire(isBridged: isBridged)
    }

    private func wire(isBridged: Bool) throws {
        try left.addPair("eth0", to: hub, "port-a")
        try right.addPair("eth0", to: hub, "port-b")
        try left.addPair("eth1", to: hub, "port-idle")
        if isBridged { try hub.addBridge("bridge", over: ["port-a", "port-b"]) }
        let (leftMAC, rightMAC) = (try left.macAddress(of: "eth0"), try right.macAddress(of: "eth0"))
        // What has no way would be answered.
        for network in ["10.9.7.0/24", "fd09:7::/64"] { try right.ip("route add blackhole \(network)") }
        for (here, there) in Self.addresses {
            try left.addSilentAddress(here, on: "eth0", towards: there, at: rightMAC)
            try right.addSilentAddress(there, on: "eth0", towards: here, at: leftMAC)
        }
    }

    private func close() {
        for daemon in daemons { daemon.stop(SIGKILL) }
        try? FileManager.default.removeItem(atPath: bpffs)
        for mount in mounts.reversed() { _ = try? ChildProcess.run(["umount", mount]) }
        for namespace in [hub, left, right] { try? namespace.close() }
        try? FileManager.default.removeItem(atPath: folder)
    }

    /// Makes a file system in memory, of that size.
    func mountSmallFileSystem(at name: String, size: String) throws {
        try mount("tmpfs", at: path(name), options: ["-o", "size=\(size)"])
    }

    /// Makes a disk of 16 MB, which can be frozen (fsfreeze(8)).
    func mountDisk(at name: String) throws {
        let image = path("\(name).img")
        try ChildProcess.run(["truncate", "-s", "16M", image])
        try ChildProcess.run(["mkfs.ext4", "-q", image])
        try FileManager.default.createDirectory(atPath: path(name), withIntermediateDirectories: true)
        try ChildProcess.run(["mount", "-o", "loop", image, path(name)])
        mounts.append(path(name))
    }

    /// Mounts a file system that nobody else uses; it is taken away with the site at the latest.
    func mount(_ type: String, at path: String, options: [String] = []) throws {
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        try ChildProcess.run(["mount", "-t", type] + options + ["weir-t", path])
        mounts.append(path)
    }

    // MARK: The command

    /// The binary beside the test bundle.
    static let binary = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath()
        .deletingLastPathComponent().appending(path: "weir").path

    /// What `weir` is here: the binary, a copy of it, or another build.
    var executable = binary

    /// Makes the command one that every user can start, even where nobody else may look into the checkout.
    func copyBinaryForEverybody() throws {
        for name in ["", "-export", "-mirror"] {
            try FileManager.default.copyItem(atPath: Self.binary + name, toPath: path("weir" + name))
        }
        executable = path("weir")
    }

    var socket: String { path("weir.sock") }
    var logs: String { path("logs") }

    var environment: [String: String] {
        [
            "WEIR_BPFFS": bpffs, "WEIR_STATE_DIR": path("state"), "WEIR_SOCKET": socket,
            "WEIR_CONFIG": path("weir.yaml"), "NO_COLOR": "",
        ]
    }

    func path(_ name: String) -> String { "\(folder)/\(name)" }

    func write(_ text: String, to name: String) throws {
        try Data(text.utf8).write(to: URL(filePath: path(name)))
    }

    /// The words that start Weir inside the namespace of the ports, after those that limit what it may do.
    func command(_ arguments: [String], behind wrapper: [String] = []) -> [String] {
        ["nsenter", "--net=\(hub.path)"] + wrapper + [executable] + arguments
    }

    func outcome(_ arguments: String...) throws -> ChildProcess.Result { try outcome(arguments) }

    func outcome(_ arguments: [String], behind wrapper: [String] = []) throws -> ChildProcess.Result {
        try ChildProcess.outcome(of: command(arguments, behind: wrapper), environment: environment)
    }

    /// What the command prints; throws where it fails.
    @discardableResult
    func weir(_ arguments: String...) throws -> String {
        try ChildProcess.run(command(arguments), environment: environment)
    }

    /// What `weir status --json` prints.
    func printedStatus() throws -> StatusReport {
        try JSONDecoder().decode(StatusReport.self, from: Data(try weir("status", "--json").utf8))
    }

    /// The same, as the command makes it, but without a process: tests that wait ask many times a second. What another build
    /// has pinned is read by that build.
    func status() throws -> StatusReport {
        guard executable == Self.binary else { return try printedStatus() }
        return try hub.inside { try StatusReport(of: PinDirectory(base: bpffs), daemon: try daemonReport()) }
    }

    /// What the daemon says of itself; nil where none answers.
    func daemonReport() throws -> DaemonReport? {
        switch ControlClient.ask(at: socket) {
        case .report(let report): report
        case .nobody: nil
        case .refused(let error): throw error
        }
    }
}

extension Site {
    /// Starts `weir run` and waits until it measures and answers.
    func daemon(_ arguments: String..., environment more: [String: String] = [:]) throws -> ChildProcess {
        try daemon(arguments, environment: more)
    }

    func daemon(
        _ arguments: [String], behind wrapper: [String] = [], environment more: [String: String] = [:]
    ) throws -> ChildProcess {
        let daemon = try start(arguments, behind: wrapper, environment: more)
        try waitUntil("the daemon answers: \(daemon.errors)", within: .seconds(60)) {
            guard daemon.isRunning else { throw Ended(errors: daemon.errors) }
            return try isMeasuring(daemon)
        }
        return daemon
    }

    /// Whether the daemon has attached the ports that were there, and answers.
    func isMeasuring(_ daemon: ChildProcess) throws -> Bool {
        try status().daemon.map { $0.life.pid == daemon.pid && $0.life.state == .measuring } ?? false
    }

    /// Starts `weir run`; it is ended with the site at the latest.
    func start(
        _ arguments: [String], behind wrapper: [String] = [], environment more: [String: String] = [:]
    ) throws -> ChildProcess {
        let daemon = try ChildProcess(
            command(["run"] + arguments, behind: wrapper), environment: environment.merging(more) { $1 })
        daemons.append(daemon)
        return daemon
    }

    /// A daemon that ended by itself.
    struct Ended: Error { let errors: String }

    /// Waits until the window that is open now has ended, and its records are safe.
    func waitForWindow() throws {
        let open = try #require(try status().window).number
        try waitUntil("a window ends") { try status().daemon?.windows.last?.number.map { $0 >= open } ?? false }
    }

    /// Waits until a window is open that began after the ports were attached: each of them has a line of it, if only
    /// NODATA, which a port lacks in the window that it is attached in.
    ///
    /// The first window to be counted may have ended before they were attached, and the second may have them in part.
    func waitForWholeWindow() throws {
        for _ in 0..<2 { try waitForWindow() }
    }

    /// Everything that an operation could change: pins, links, qdiscs, and the files of the site.
    func traces() throws -> [String] {
        let pins = try ChildProcess.run(["find", "/sys/fs/bpf", "-path", bpffs + "*"])
        // Links settle some time after they were made; whether they are up is none of Weir's.
        let links = try hub.run(["ip", "-oneline", "link"]).replacing(#/<[^>]*>| state \w+/#, with: "")
        let qdiscs = try hub.run(["tc", "qdisc", "show"])
        let attached = try hub.run(["bpftool", "net", "show"])
        return [pins, links, qdiscs, attached, try ChildProcess.run(["find", folder])]
    }

    /// Whether no pin of the site is left and no program is on its interfaces.
    func isClean() throws -> Bool {
        let attached = try hub.run(["bpftool", "net", "show"])
        return !FileManager.default.fileExists(atPath: bpffs) && !attached.contains("weir")
            && !attached.contains("port-")
    }
}

extension DaemonReport {
    /// What does not work now, the worst first; nil while all does.
    var failure: String? { (troubles.journal + troubles.store + troubles.sinks).first }
}
