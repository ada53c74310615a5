// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import OpenVSwitch
import Testing

extension WeirCommandSuite {
    /// A socket in the place of the switch's that says what no switch says, or nothing.
    @Suite struct HostileSwitchTests {
        @Test func `whatever it says, memory is bounded, nothing is judged, it is said, and measuring goes on`() throws
        {
            try Site.with { site in
                let liar = try Liar(site)
                defer { liar.stop() }
                let daemon = try site.daemon([
                    "--port", "port-[ab]", "--ovs", "--ovs-rundir", liar.folder, "--interval", "1", "--log-dir",
                    site.logs,
                    "--format", "json",
                ])
                try liar.waitForReport(site, "what it says is known") { $0.megaflows == 2 && $0.failure == nil }
                // By what it says: nothing matches what the guests send.
                var traffic = Traffic()
                try traffic.ping(site)
                for _ in 0..<2 { try site.waitForWindow() }
                let before = try #require(try site.status().daemon?.life.residentBytes)

                try liar.say("flood")
                try liar.waitForReport(site, "100 MB are read") { $0.pollBytes.map { $0 > 100 << 20 } ?? false }
                let flooded = try #require(try site.status().daemon)
                #expect(flooded.ovs?.megaflows?.megaflows == 2)
                #expect(flooded.ovs?.megaflows?.unreadable == 102)
                let grown = Int64(flooded.life.residentBytes ?? .max) - Int64(before)
                #expect(grown < 32 << 20, "\(grown)")

                for (mode, sentence) in [
                    ("half", "it has closed the connection midway"),
                    ("rubbish", "it speaks nonsense: what is no answer in JSON"),
                    ("error", "it refuses: no such command"), ("silent", "it has not answered for 3 s"),
                ] {
                    try liar.say(mode)
                    try liar.waitForReport(site, sentence) { $0.failure == sentence && $0.pollsFailed > 0 }
                    #expect(try site.weir("status").contains("cannot be asked: \(sentence)"))
                }
                try traffic.send(site, datagrams: 3, of: 20)
                for _ in 0..<2 { try site.waitForWindow() }
                try liar.say("fair")
                try liar.waitForReport(site, "it is asked again") { $0.failure == nil }
                #expect(daemon.stop().status == 0)
                #expect(
                    daemon.errors.contains(
                        "cannot ask Open vSwitch what it does with packets: it has not answered for 3 s"))

                let lines = try site.jsonLines()
                #expect(try LogLines.sums(lines) == traffic.expected)
                let unseen = lines.filter { $0["log-status"] == "OK" && $0["verdict-source"] != "observed" }
                #expect(!unseen.isEmpty && unseen.allSatisfy { $0["action"] == nil })
            }
        }
    }
}

/// Serves the switch's socket, and says what it is told to.
private final class Liar {
    let folder: String
    private let server: ChildProcess

    init(_ site: Site) throws {
        folder = site.path("ovs")
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data("4711\n".utf8).write(to: URL(filePath: "\(folder)/ovs-vswitchd.pid"))
        try Data("fair".utf8).write(to: URL(filePath: "\(folder)/mode"))
        server = try ChildProcess(["python3", "-c", Self.program, folder])
        let server = server
        try waitUntil("it listens: \(server.errors)") { server.output.contains("ready") }
    }

    func stop() { server.stop(SIGKILL) }

    func say(_ mode: String) throws { try Data(mode.utf8).write(to: URL(filePath: "\(folder)/mode")) }

    func waitForReport(_ site: Site, _ what: String, _ isSo: (MegaflowReport) -> Bool) throws {
        var last: MegaflowReport?
        do {
            try waitUntil(what, within: .seconds(60)) {
                last = try site.status().daemon?.ovs?.megaflows
                return last.map(isSo) ?? false
            }
        } catch { throw Unexpected(report: last, wanted: what) }
    }

    struct Unexpected: Error {
        let report: MegaflowReport?
        let wanted: String
    }

    private static let program = #"""
        import json, os, socket, sys, threading, time
        folder = sys.argv[1]
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(folder + "/ovs-vswitchd.4711.ctl")
        listener.listen(16)
        print("ready", flush=True)
        end = ", packets:1, bytes:2, used:1s, actions:"
        lines = ["recirc_id(0),in_port(port-a),eth_type(0x0800),ipv4(src=192.0.2.1,frag=no)" + end + "drop",
            "recirc_id(0),in_port(port-a),wormhole(1),eth_type(0x0800),ipv4(frag=no)" + end + "drop"]

        def answer(connection):
            with connection, open(folder + "/mode") as file:
                mode = file.read()
                method = json.loads(connection.recv(4096))["method"]
                if mode == "silent":
                    return time.sleep(30)
                if mode == "half":
                    return connection.sendall(b'{"id":0,"result":"reci')
                if mode == "rubbish":
                    return connection.sendall(b"\x00\xff nothing")
                if mode == "error":
                    return connection.sendall(b'{"id":0,"result":null,"error":"no such command\n"}'.replace(b"\n", b"\\n"))
                if method == "dpctl/dump-dps":
                    text = "netdev@ovs-netdev"
                elif method == "dpctl/dump-flows":
                    text = "\n".join(lines)
                else:
                    text = ""
                connection.sendall(b'{"id":0,"error":null,"result":')
                if mode == "flood" and method == "dpctl/dump-flows":
                    connection.sendall(b'"recirc_id(0),in_port(port-a),eth_ty\\nipv4(src=1), packets:1, act\\n')
                    for _ in range(100):
                        connection.sendall(b"x" * (1 << 20))
                        connection.sendall(b" \\n")
                    connection.sendall(json.dumps(text)[1:].encode() + b"}")
                else:
                    connection.sendall(json.dumps(text).encode() + b"}")

        def serve(connection):
            try:
                answer(connection)
            except (OSError, ValueError):
                pass
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """#
}
