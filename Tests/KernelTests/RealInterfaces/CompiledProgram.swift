// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowTestKit
internal import Foundation

/// An XDP program that has nothing to do with Weir, compiled and loaded for a test. It goes away with its owner, unless an
/// interface holds it.
final class CompiledProgram {
    private let folder: URL
    private let pins: URL
    private var pin: String { pins.appending(path: "program").path }

    init(_ source: String) throws {
        let name = UUID().uuidString
        folder = FileManager.default.temporaryDirectory.appending(path: "weir-program-\(name)")
        pins = URL(filePath: "/sys/fs/bpf/weir-t-\(name)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try FileManager.default.createDirectory(at: pins, withIntermediateDirectories: true)
        let (file, object) = (folder.appending(path: "program.c"), folder.appending(path: "program.o"))
        try Data((Self.preamble + source).utf8).write(to: file)
        try ChildProcess.run(["clang", "-target", "bpf", "-O2", "-g", "-c", file.path, "-o", object.path])
        try ChildProcess.run(
            ["bpftool", "prog", "load", object.path, pin, "type", "xdp", "pinmaps", pins.path])
    }

    deinit {
        try? FileManager.default.removeItem(at: pins)
        try? FileManager.default.removeItem(at: folder)
    }

    func attach(to interface: String, in namespace: NetworkNamespace, _ mode: XDPMode) throws {
        let hook = mode == .native ? "xdpdrv" : "xdpgeneric"
        try namespace.run(["bpftool", "net", "attach", hook, "pinned", pin, "dev", interface])
    }

    /// Starts one run of it, on a CPU of its own.
    func start() throws -> ChildProcess {
        let frame = folder.appending(path: "frame")
        try Data(repeating: 0, count: 60).write(to: frame)
        return try ChildProcess(
            ["taskset", "-c", "1", "bpftool", "prog", "run", "pinned", pin, "data_in", frame.path, "repeat", "1"])
    }

    /// The first byte of the one value of its map `stage`.
    func stage() throws -> UInt8 {
        let map = pins.appending(path: "stage").path
        let shown = try ChildProcess.run(["bpftool", "-j", "map", "lookup", "pinned", map, "key", "0", "0", "0", "0"])
        let value = shown.components(separatedBy: "\"value\":[\"0x").dropFirst().first?.prefix(2)
        return value.flatMap { UInt8($0, radix: 16) } ?? .max
    }

    private static let preamble = """
        #define SECTION(name) __attribute__((section(name), used))
        char _license[] SECTION("license") = "GPL";

        """

    /// The name that the kernel knows `passing` by.
    static let passingName = "somebody_elses"
    static let passing = "SECTION(\"xdp\") int \(passingName)(void *context) { return 2; }"

    /// Says 1, is at work for half a second, says 2.
    static let slow = """
        static void *(*lookup)(void *map, const void *key) = (void *)1;
        static unsigned long long (*now)(void) = (void *)5;
        static long (*loop)(unsigned times, void *body, void *context, unsigned long long flags) = (void *)181;
        struct { int (*type)[2]; int (*max_entries)[1]; int *key; long *value; } stage SECTION(".maps");
        static long spin(unsigned index, unsigned long long *end) { return now() > *end; }
        SECTION("xdp") int slow(void *context) {
            int zero = 0;
            volatile long *place = lookup(&stage, &zero);
            unsigned long long end = now() + 500000000;
            if (!place)
                return 0;
            *place = 1;
            for (int i = 0; i < 64; i++)
                loop(1 << 23, spin, &end, 0);
            *place = 2;
            return 2;
        }
        """
}
