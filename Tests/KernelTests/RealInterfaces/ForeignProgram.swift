// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowTestKit
internal import Foundation

/// An XDP program that has nothing to do with Weir, compiled for the test.
final class ForeignProgram {
    static let name = "somebody_elses"
    private let folder: URL
    private var object: String { folder.appending(path: "foreign.o").path }

    init() throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "weir-foreign-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let source = folder.appending(path: "foreign.c")
        try Data(Self.source.utf8).write(to: source)
        try ChildProcess.run(["clang", "-target", "bpf", "-O2", "-g", "-c", source.path, "-o", object])
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    func attach(to interface: String, in namespace: NetworkNamespace, _ mode: XDPMode) throws {
        let pin = "/sys/fs/bpf/weir-t-foreign-\(UUID().uuidString)"
        try ChildProcess.run(["bpftool", "prog", "load", object, pin, "type", "xdp"])
        // The interface holds the program from here on.
        defer { try? FileManager.default.removeItem(atPath: pin) }
        let hook = mode == .native ? "xdpdrv" : "xdpgeneric"
        try namespace.run(["bpftool", "net", "attach", hook, "pinned", pin, "dev", interface])
    }

    private static let source = """
        __attribute__((section("xdp"), used)) int \(name)(void *context) { return 2; }
        char _license[] __attribute__((section("license"), used)) = "GPL";
        """
}

/// All that attaching could change of an interface, as ip, tc, ethtool and bpftool show it.
struct Footprint: Equatable {
    private let link: String
    private let qdiscs: String
    private let features: String
    private let programs: String

    init(_ interface: String, in namespace: NetworkNamespace) throws {
        link = try namespace.ip("-d link show \(interface)")
        qdiscs = try namespace.run(["tc", "qdisc", "show", "dev", interface])
        features = try namespace.run(["ethtool", "-k", interface])
        programs = try namespace.run(["bpftool", "net", "show", "dev", interface])
    }
}
