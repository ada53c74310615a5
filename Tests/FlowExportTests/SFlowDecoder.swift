// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Host

/// A collector of the tests' own, written in Python from sflow_version_5.txt, sflow_host.txt and sflow_drops.txt: it receives datagrams until an empty one comes, and
/// prints what stands in them. A byte too few or too many is an error.
final class SFlowDecoder {
    let port: UInt16
    private let process: ChildProcess
    private let raw: URL

    init() throws {
        raw = FileManager.default.temporaryDirectory.appending(path: "weir-sflow-\(UUID().uuidString)")
        let process = try ChildProcess(["python3", "-c", Self.script, raw.path])
        self.process = process
        try waitUntil("the collector listens") { process.output.contains("\n") || !process.isRunning }
        guard let port = UInt16(process.output.prefix { $0 != "\n" }) else { throw Failure(reason: process.errors) }
        self.port = port
    }

    deinit { try? FileManager.default.removeItem(at: raw) }

    struct Failure: Error { let reason: String }

    struct Datagram: Decodable {
        let length: Int
        let agent: String
        let subAgent: UInt32
        let sequence: UInt32
        let uptime: UInt32
        let samples: [Sample]
        /// In hexadecimal.
        let raw: String
    }

    struct Sample: Decodable {
        let sequence: UInt32
        /// Of the sample.
        let format: UInt32
        /// Class and index.
        let source: [UInt32]
        /// Of samples of packets: rate, pool, drops, input, output, reason.
        let fields: [String: UInt32]
        /// By their formats.
        let records: [String: [String: Value]]
    }

    enum Value: Decodable, Equatable, ExpressibleByIntegerLiteral, ExpressibleByStringLiteral {
        case number(Double)
        case wide(UInt64)
        case text(String)

        init(integerLiteral value: UInt64) { self = .wide(value) }
        init(stringLiteral value: String) { self = .text(value) }

        init(from decoder: any Decoder) throws {
            let value = try decoder.singleValueContainer()
            if let wide = try? value.decode(UInt64.self) {
                self = .wide(wide)
            } else if let number = try? value.decode(Double.self) {
                self = .number(number)
            } else {
                self = .text(try value.decode(String.self))
            }
        }
    }

    /// What has come, after all that was sent before.
    func datagrams() throws -> [Datagram] {
        try DatagramSocket(to: "127.0.0.1", port: port, patience: .seconds(1)).send([])
        let result = try process.wait()
        guard result.succeeded else { throw Failure(reason: result.errors) }
        let text = result.output.drop { $0 != "\n" }
        return try JSONDecoder().decode([Datagram].self, from: Data(text.utf8))
    }

    private static let script = """
        import json, socket, struct, sys

        class Reader:
            def __init__(self, data): self.data, self.at = data, 0
            def take(self, n):
                part = self.data[self.at:self.at + n]
                if len(part) != n: raise ValueError("too short")
                self.at += n
                return part
            def u(self): return struct.unpack(">I", self.take(4))[0]
            def h(self): return struct.unpack(">Q", self.take(8))[0]
            def f(self): return struct.unpack(">f", self.take(4))[0]
            def opaque(self, n):
                part = self.take(n)
                if self.take(-n % 4).strip(b"\\0"): raise ValueError("padding")
                return part
            def s(self, limit):
                n = self.u()
                if n > limit: raise ValueError("string of %d" % n)
                return self.opaque(n).decode()
            def end(self):
                if self.at != len(self.data): raise ValueError("%d bytes too many" % (len(self.data) - self.at))

        def fields(layout):
            names = layout.split()
            return lambda r: {n.split(":")[0]: getattr(r, n.split(":")[1])() for n in names}

        def description(r):
            return {"hostname": r.s(64), "uuid": r.opaque(16).hex(), "machine_type": r.u(), "os_name": r.u(), "os_release": r.s(32)}

        def adapters(r):
            found = {}
            for _ in range(r.u()):
                index = r.u()
                found[str(index)] = " ".join(r.opaque(6).hex(":") for _ in range(r.u()))
            return found

        NET = "bytes_in:h packets_in:u errors_in:u drops_in:u bytes_out:h packets_out:u errors_out:u drops_out:u"
        COUNTERS = {
            1: fields("index:u type:u speed:h direction:u status:u in_octets:h in_ucast:u in_mcast:u in_bcast:u in_discards:u "
                      "in_errors:u in_unknown:u out_octets:h out_ucast:u out_mcast:u out_bcast:u out_discards:u out_errors:u promiscuous:u"),
            1005: lambda r: {"name": r.s(255)},
            2000: description, 2001: adapters, 2002: fields("class:u index:u"),
            2003: fields("load_one:f load_five:f load_fifteen:f proc_run:u proc_total:u cpu_num:u cpu_speed:u uptime:u user:u nice:u "
                         "system:u idle:u wio:u intr:u sintr:u interrupts:u contexts:u steal:u guest:u guest_nice:u"),
            2004: fields("total:h free:h shared:h buffers:h cached:h swap_total:h swap_free:h page_in:u page_out:u swap_in:u swap_out:u"),
            2005: fields("total:h free:h max_used:u reads:u bytes_read:h read_time:u writes:u bytes_written:h write_time:u"),
            2006: fields(NET), 2100: fields("mhz:u cpus:u memory:h memory_free:h num_domains:u"),
            2101: fields("state:u cpu_time:u cpus:u"), 2102: fields("memory:h max_memory:h"),
            2103: fields("capacity:h allocation:h available:h rd_req:u rd_bytes:h wr_req:u wr_bytes:h errs:u"),
            2104: fields(NET),
        }

        def header(r):
            found = {"protocol": r.u(), "frame_length": r.u(), "stripped": r.u()}
            found["bytes"] = r.opaque(r.u()).hex()
            return found

        FLOWS = {1: header, 1001: fields("src_vlan:u src_priority:u dst_vlan:u dst_priority:u")}

        def interface(r, expanded):
            if expanded:
                if r.u() != 0: raise ValueError("interface format")
                return r.u()
            value = r.u()
            if value >> 30: raise ValueError("interface format")
            return value

        def sample(r):
            kind = r.u()
            body = Reader(r.opaque(r.u()))
            sequence, known, values, records = body.u(), COUNTERS if kind == 2 else FLOWS, {}, {}
            if kind in (1, 2):
                source = body.u()
                source = [source >> 24, source & 0xffffff]
            elif kind in (3, 5): source = [body.u(), body.u()]
            else: raise ValueError("sample type")
            if kind in (1, 3):
                values = {name: body.u() for name in ("rate", "pool", "drops")}
                values["input"], values["output"] = interface(body, kind == 3), interface(body, kind == 3)
            if kind == 5: values = {name: body.u() for name in ("drops", "input", "output", "reason")}
            for _ in range(body.u()):
                number = body.u()
                record = Reader(body.opaque(body.u()))
                if str(number) in records: raise ValueError("twice")
                records[str(number)] = known[number](record)
                record.end()
            body.end()
            return {"sequence": sequence, "format": kind, "source": source, "fields": values, "records": records}

        def datagram(data):
            r = Reader(data)
            if r.u() != 5: raise ValueError("version")
            family = r.u()
            agent = socket.inet_ntop(*((socket.AF_INET, r.take(4)) if family == 1 else (socket.AF_INET6, r.take(16))))
            head = {"length": len(data), "agent": agent, "subAgent": r.u(), "sequence": r.u(), "uptime": r.u(), "raw": data.hex()}
            head["samples"] = [sample(r) for _ in range(r.u())]
            r.end()
            return head

        receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        receiver.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(60)
        print(receiver.getsockname()[1], flush=True)
        datagrams = []
        while data := receiver.recv(65536): datagrams.append(data)
        print(json.dumps([datagram(data) for data in datagrams]))
        """
}

extension SFlowDecoder.Datagram {
    var bytes: [UInt8] {
        let digits = Array(raw)
        return stride(from: 0, to: digits.count, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    }
}
