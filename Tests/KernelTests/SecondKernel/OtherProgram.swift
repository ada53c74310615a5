// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
internal import Foundation
internal import Synchronization

/// An XDP program of somebody else's, as xdp-loader loads it: it counts every datagram that it meets, and those that it drops.
final class OtherProgram {
    /// Where it stands among the programs of a dispatcher (libxdp: run priority).
    enum Place: Int {
        case beforeOurs = 1
        case afterOurs = 60
    }

    struct Counts: Equatable {
        var met: UInt64
        var dropped: UInt64
    }

    /// What the kernel knows it by, which is nobody else's.
    let name: String
    private static let numbers = Atomic<Int>(0)
    private let object: URL
    private static let folder = FileManager.default.temporaryDirectory

    /// - Parameter dropping: datagrams to this port and higher ones.
    init(_ place: Place, dropping port: UInt16) throws {
        name = "weirt\(Self.numbers.wrappingAdd(1, ordering: .relaxed).newValue)"
        let file = Self.folder.appending(path: "weir-t-\(UUID().uuidString)")
        object = file.appendingPathExtension("o")
        let source = file.appendingPathExtension("c")
        try Data(Self.source(name, place, dropping: port).utf8).write(to: source)
        defer { try? FileManager.default.removeItem(at: source) }
        // The kernel's asm/ headers lie in the host's multiarch folder.
        try ChildProcess.run([
            "sh", "-c", "clang -target bpf -O2 -g -idirafter /usr/include/$(uname -m)-linux-gnu -c $0 -o $1",
            source.path,
            object.path,
        ])
    }

    deinit { try? FileManager.default.removeItem(at: object) }

    /// Adds it to the interface's dispatcher, or makes that.
    func load(on interface: String, in namespace: NetworkNamespace, _ mode: String) throws {
        try namespace.run(["xdp-loader", "load", "-m", mode, interface, object.path])
    }

    /// What it has counted since it was loaded first; it is the only one of its name.
    func counts() throws -> Counts {
        Counts(met: try count(at: 0), dropped: try count(at: 1))
    }

    private func count(at index: UInt8) throws -> UInt64 {
        let words = ["map", "lookup", "name", "\(name)_n", "key", "\(index)", "0", "0", "0"]
        let shown = try ChildProcess.run(["bpftool", "-j"] + words)
        return try JSONDecoder().decode(Entry.self, from: Data(shown.utf8)).formatted.value
    }

    private struct Entry: Decodable {
        struct Formatted: Decodable { let value: UInt64 }

        let formatted: Formatted
    }

    private static func source(_ name: String, _ place: Place, dropping port: UInt16) -> String {
        """
        #include <linux/bpf.h>
        #include <bpf/bpf_helpers.h>
        char _license[] SEC("license") = "GPL";
        struct {
            __uint(type, BPF_MAP_TYPE_ARRAY);
            __uint(max_entries, 2);
            __type(key, __u32);
            __type(value, __u64);
        } \(name)_n SEC(".maps");
        struct {
            __uint(priority, \(place.rawValue));
            __uint(XDP_PASS, 1);
        } _\(name) SEC(".xdp_run_config");
        static void count(__u32 index) {
            __u64 *value = bpf_map_lookup_elem(&\(name)_n, &index);
            if (value)
                __sync_fetch_and_add(value, 1);
        }
        SEC("xdp") int \(name)(struct xdp_md *xdp) {
            unsigned char *data = (void *)(long)xdp->data, *end = (void *)(long)xdp->data_end;
            if (data + 42 > end || data[12] != 8 || data[13] || data[23] != 17)
                return XDP_PASS;
            count(0);
            if ((data[36] << 8 | data[37]) < \(port))
                return XDP_PASS;
            count(1);
            return XDP_DROP;
        }
        """
    }
}
