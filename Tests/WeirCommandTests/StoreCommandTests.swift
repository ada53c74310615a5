// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowRecorder
import FlowStore
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// The store beside the files of the same windows: two ways of the same records.
    @Suite struct StoreCommandTests {
        private func sendAndStop(_ site: Site, _ arguments: String...) throws {
            let daemon = try site.daemon(
                ["--port", "port-[ab]", "--interval", "1", "--store", site.path("flows")] + arguments)
            for address in ["10.9.0.2", "fd09::2"] {
                try site.left.run(["ping", "-q", "-c", "3", "-i", "0.2", address])
            }
            for _ in 0..<2 { try site.waitForWindow() }
            #expect(daemon.stop().status == 0)
        }

        private func sorted(_ text: String) -> [Substring] { text.split(separator: "\n").sorted() }

        @Test func `weir logs prints the lines that the files of the same windows have`() throws {
            try Site.with { site in
                try sendAndStop(site, "--log-dir", site.logs, "--format", "json")
                let files = try site.logFiles().map { try site.unpacked($0) }.joined()
                let stored = try site.weir("logs", "--store", site.path("flows"), "--json")
                #expect(!files.isEmpty && sorted(stored) == sorted(files))

                let chosen = try LogLines.json(
                    try site.weir(
                        "logs", "--store", site.path("flows"), "--json", "icmp", "and", "interface", "port-b", "and",
                        "ingress"))
                #expect(
                    chosen.count
                        == (try LogLines.json(files)).filter {
                            $0["protocol"] == "1" && $0["port"] == "port-b" && $0["flow-direction"] == "ingress"
                        }.count)
                #expect(try chosen.reduce(0) { try $0 + LogLines.number($1, "packets") } == 3)

                let table = try site.weir("logs", "--store", site.path("flows"), "--utc", "icmp6")
                #expect(table.hasPrefix("START") && table.contains("fd09::2") && table.contains(" records, "))
            }
        }

        @Test func `times and numbers choose records`() throws {
            try Site.with { site in
                try sendAndStop(site)
                func lines(_ arguments: String...) throws -> [Substring] {
                    let result = try site.outcome(["logs", "--store", site.path("flows"), "--json"] + arguments)
                    #expect(result.status == 0, "\(result.errors)")
                    return result.output.split(separator: "\n")
                }
                let all = try lines()
                #expect(!all.isEmpty)
                for since in ["2000-01-01", "1990-12-31T23:59:59+02:00", "9000d"] {
                    #expect(try lines("--since", since) == all)
                }
                #expect(try lines("--until", "now").count <= all.count)
                #expect(try lines("--since", "2000-01-01", "--until", "2000-01-01 12:00Z").isEmpty)
                let newest = try Self.newestLast(all)
                #expect(try lines("--last", "3") == newest.suffix(3))
                #expect(
                    try lines("--last", "2", "--since", "1h", "icmp")
                        == newest.filter { $0.contains("\"protocol\":1,") }.suffix(2))
                let aws = try site.weir("logs", "--store", site.path("flows"), "--format", "aws")
                #expect(try LogLines.aws(aws).count == all.count)
            }
        }

        /// By window and first packet, as what has no packet begins with its window.
        private static func newestLast(_ lines: [Substring]) throws -> [Substring] {
            func number(_ name: String, _ line: Substring) throws -> Int? {
                try (JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary)?[name] as? Int
            }
            let aged = try lines.map { line in
                let window = try #require(try number("window_start", line))
                return (window, try number("first_ms", line) ?? window * 1000, line)
            }
            return aged.sorted { ($0.0, $0.1) < ($1.0, $1.1) }.map(\.2)
        }

        /// With no other sink the store is what lets a window's journal go.
        @Test func `a store alone takes windows out of the journal, and its filter is none`() throws {
            try Site.with { site in
                try sendAndStop(site, "--log", "reject")
                #expect(try site.weir("logs", "--store", site.path("flows"), "--json", "icmp").isEmpty == false)
                let journal = try FileManager.default.contentsOfDirectory(atPath: site.path("state/journal"))
                #expect(journal.filter { $0.hasSuffix(".window") }.isEmpty)
            }
        }

        @Test func `status says what the store holds`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-a", "--interval", "1", "--store", site.path("flows"))
                for _ in 0..<2 { try site.waitForWindow() }
                try waitUntil("a window is stored") { try (site.status().daemon?.store.contents?.segments ?? 0) > 0 }
                #expect(
                    try site.weir("status").contains(/\nstore +\d+ windows?, \d{4}-\S+ to \S+, \d+(\.\d)? (kB|B)\n/))
                #expect(daemon.stop().status == 0)
            }
        }

        private static func python(_ script: String, _ arguments: String...) throws -> String {
            let python = URL(filePath: #filePath).deletingLastPathComponent().appending(
                path: "../../.build/python/bin/python")
            return try ChildProcess.run([python.path(), "-c", script] + arguments)
        }

        /// A file of pyarrow's has no places of pages unless they are asked for, its statistics are its own, and so are its encodings.
        @Test func `files that another writer has written anew give the same answers`() throws {
            try Site.with { site in
                try sendAndStop(site)
                let filters = [
                    "", "icmp", "host 10.9.0.2", "bytes > 90", "icmp6 and ingress", "nodata", "interface port-b",
                ]
                func answers() throws -> [String] {
                    try filters.map { filter in
                        let words = filter.split(separator: " ").map(String.init)
                        return try site.outcome(["logs", "--store", site.path("flows"), "--json"] + words).output
                    }
                }
                let before = try answers()
                #expect(before[1...4].allSatisfy { !$0.isEmpty && $0 != before[0] })
                let script = """
                    import sys, glob, pyarrow.parquet as parquet
                    for path in glob.glob(sys.argv[1] + "/*/*/*/*/*.parquet"):
                        table = parquet.read_table(path)
                        parquet.write_table(table, path, compression="zstd", row_group_size=7, data_page_size=64)
                        chunk = parquet.ParquetFile(path).metadata.row_group(0).column(0)
                        assert not chunk.has_offset_index
                    """
                _ = try Self.python(script, site.path("flows"))
                #expect(try answers() == before)
            }
        }

        /// Other people's readers: the same sums, rows and nulls.
        @Test func `DuckDB and pyarrow read what weir logs prints`() throws {
            try Site.with { site in
                try sendAndStop(site)
                try site.write(try site.weir("logs", "--store", site.path("flows"), "--json"), to: "lines.json")
                let script = """
                    import json, sys, glob, duckdb, pyarrow.parquet as parquet
                    paths = sorted(glob.glob(sys.argv[1] + "/*/*/*/*/*.parquet"))
                    lines = [json.loads(line) for line in open(sys.argv[2])]
                    rows = [row for path in paths for row in parquet.read_table(path).to_pylist()]
                    assert [{k: v for k, v in row.items() if v is not None and k != "window_sequence"} for row in rows] == lines, "pyarrow"
                    table = f"read_parquet({paths!r})"
                    key = "coalesce(srcaddr, '-'), coalesce(dstaddr, '-'), coalesce(protocol, -1)"
                    found = duckdb.sql(f"SELECT {key}, sum(packets), sum(bytes), count(*) FROM {table} GROUP BY ALL").fetchall()
                    expected = {}
                    for line in lines:
                        place = (line.get("srcaddr", "-"), line.get("dstaddr", "-"), line.get("protocol", -1))
                        sums = expected.setdefault(place, [None, None, 0])
                        for index, name in enumerate(["packets", "bytes"]):
                            if name in line: sums[index] = (sums[index] or 0) + line[name]
                        sums[2] += 1
                    assert {row[:3]: list(row[3:]) for row in found} == expected, "duckdb"
                    some = duckdb.sql(f"SELECT count(*) FROM {table} WHERE dstaddr = '10.9.0.2' AND protocol = 1").fetchone()[0]
                    assert some == sum(line.get("dstaddr") == "10.9.0.2" and line.get("protocol") == 1 for line in lines) > 0
                    print(len(lines))
                    """
                let printed = try Self.python(script, site.path("flows"), site.path("lines.json"))
                #expect(
                    Int(printed.trimmingCharacters(in: .whitespacesAndNewlines)).map { $0 > 4 } == true, "\(printed)")
            }
        }

        @Test(
            arguments: [
                (
                    ["--store", "/nowhere/at-all"], 1,
                    "cannot read the store /nowhere/at-all: no such file or directory; name a store that is there (--store), or configure one (store)"
                ),
                (
                    ["--store", "/tmp", "--since", "yesterday"], 2,
                    "--since must be a time, such as 1h, 12:00, 2026-11-25T12:00 or now, not \"yesterday\""
                ),
                (
                    ["--store", "/tmp", "dst", "prot", "22"], 2,
                    "filter, column 5: \"prot\" is not an address, such as 10.0.0.1, or a network, such as 10.0.0.0/8"
                ),
            ] as [([String], Int, String)])
        func `what cannot be read or meant is said`(arguments: [String], status: Int, sentence: String) throws {
            try Site.with { site in
                let refused = try site.outcome(["logs"] + arguments)
                #expect(Int(refused.status) == status && refused.output.isEmpty)
                #expect(refused.errors == "weir: \(sentence)\n")
            }
        }

        /// The journal keeps what the store cannot take, and the store has it when it can. What was printed is not printed again.
        @Test func `a full disk under the store holds windows up and loses none`() throws {
            try Site.with { site in
                try site.mountSmallFileSystem(at: "small", size: "1m")
                let filler = site.path("small/filler")
                try site.left.run(["sh", "-c", "dd if=/dev/zero of=\(filler) bs=4k 2>/dev/null || true"])
                let daemon = try site.daemon(
                    "--port", "port-[ab]", "--interval", "1", "--store", site.path("small/flows"), "--stdout",
                    "--format", "json")
                try site.left.run(["ping", "-q", "-c", "5", "-i", "0.2", "10.9.0.2"])
                for _ in 0..<2 { try site.waitForWindow() }
                let failing = try #require(try site.status().daemon)
                #expect(failing.failure?.contains("free some space there") == true, "\(failing.failure ?? "")")
                try FileManager.default.removeItem(atPath: filler)
                try waitUntil("the windows are stored") {
                    try site.status().daemon.map { $0.failure == nil && $0.journal.windowsWaiting == 0 } ?? false
                }
                let result = daemon.stop()
                #expect(result.status == 0)
                let stored = try site.weir("logs", "--store", site.path("small/flows"), "--json")
                #expect(sorted(stored) == sorted(result.output))
                let pings = try LogLines.json(stored).filter {
                    $0["protocol"] == "1" && $0["port"] == "port-b" && $0["flow-direction"] == "ingress"
                }
                #expect(try pings.reduce(0) { try $0 + LogLines.number($1, "packets") } == 5)
            }
        }
    }
}
