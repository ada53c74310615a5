// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowModel
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

    /// When the last run of `slow` began and ended.
    func work() throws -> ClosedRange<MonotonicTime> {
        let map = pins.appending(path: "work").path
        let shown = try ChildProcess.run(["bpftool", "-j", "map", "lookup", "pinned", map, "key", "0", "0", "0", "0"])
        let value = shown.components(separatedBy: "\"value\":[").dropFirst().first?.prefix { $0 != "]" } ?? ""
        let bytes = value.split(separator: ",").compactMap { UInt64($0.dropFirst(3).dropLast(), radix: 16) }
        guard bytes.count == 16 else { throw Unreadable(text: shown) }
        let times = [bytes[..<8], bytes[8...]].map { half in
            MonotonicTime(nanoseconds: half.reversed().reduce(0) { $0 << 8 | $1 })
        }
        return times[0]...times[1]
    }

    struct Unreadable: Error { let text: String }

    private static let preamble = """
        #define SECTION(name) __attribute__((section(name), used))
        char _license[] SECTION("license") = "GPL";

        """

    /// The name that the kernel knows `passing` by.
    static let passingName = "somebody_elses"
    static let passing = "SECTION(\"xdp\") int \(passingName)(void *context) { return 2; }"

    /// Is at work for half a second, and says when.
    static let slow = """
        typedef unsigned long long time;
        static void *(*lookup)(void *map, const void *key) = (void *)1;
        static time (*now)(void) = (void *)5;
        static long (*loop)(unsigned times, void *body, void *context, unsigned long long flags) = (void *)181;
        struct interval { time begin, end; };
        struct { int (*type)[2]; int (*max_entries)[1]; int *key; struct interval *value; } work SECTION(".maps");
        static long spin(unsigned index, time *end) { return now() > *end; }
        SECTION("xdp") int slow(void *context) {
            int zero = 0;
            struct interval *interval = lookup(&work, &zero);
            if (!interval)
                return 0;
            interval->begin = now();
            time end = interval->begin + 500000000;
            for (int i = 0; i < 64; i++)
                loop(1 << 23, spin, &end, 0);
            interval->end = now();
            return 2;
        }
        """
}
