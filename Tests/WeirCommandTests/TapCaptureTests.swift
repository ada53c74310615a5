// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowModel
import FlowTestKit
import Foundation
import TapService
import Testing

/// `weir tap capture`, while frames pass.
final class CaptureCommand {
    /// A frame of its file, as tshark reads it.
    struct Frame: Equatable {
        var interface: String
        /// As the machine sees it.
        var direction: Direction?
        var comment: String
        var bytes: [UInt8]
    }

    let process: ChildProcess
    private let file: String

    /// Starts it; all that is sent after this returns is captured.
    ///
    /// - Parameter file: in the site's folder; nil: it prints lines.
    init(_ site: Site, _ arguments: String..., file: String? = nil) throws {
        self.file = site.path(file ?? "none")
        let client = TapClient(socket: site.socket)
        let before = try client.view().captures?.count ?? 0
        let process = try ChildProcess(
            site.command(["tap", "capture"] + arguments + (file.map { ["-w", site.path($0)] } ?? [])),
            environment: site.environment)
        self.process = process
        try waitUntil("it captures: \(process.errors)") {
            guard process.isRunning else { throw Site.Ended(errors: process.errors) }
            return try client.view().captures?.count ?? 0 > before
        }
    }

    deinit { process.stop(SIGKILL) }

    /// Those of a file in the order in which they stand there.
    static func frames(in file: String) throws -> [Frame] {
        let plain = "\(file).pcap"
        try ChildProcess.run(["editcap", "-F", "nsecpcap", file, plain])
        let capture = try #require(CaptureFile(contents: Array(try Data(contentsOf: URL(filePath: plain)))))
        let fields = ["frame.interface_name", "frame.packet_flags_direction", "frame.comment"]
        let text = try ChildProcess.run(
            ["tshark", "-n", "-r", file, "-T", "fields", "-E", "separator=|"] + fields.flatMap { ["-e", $0] },
            within: .seconds(60))
        let rows = text.split(separator: "\n").map { $0.split(separator: "|", omittingEmptySubsequences: false) }
        try #require(rows.count == capture.frames.count && rows.allSatisfy { $0.count == 3 })
        return zip(rows, capture.frames).map { row, frame in
            let directions: [String: Direction] = ["1": .ingress, "2": .egress]
            return Frame(
                interface: String(row[0]), direction: directions[String(row[1].suffix(1))], comment: String(row[2]),
                bytes: frame.bytes)
        }
    }

    func frames() throws -> [Frame] { try Self.frames(in: file) }

    /// Ends it as an operator does.
    func end() -> ChildProcess.Result { process.stop(SIGINT) }
}

extension WeirCommandSuite {
    @Suite struct TapCaptureTests {
        private static let policy = """
            groups:
              - name: web
                rules:
                  - {name: open, direction: ingress, protocol: udp, port-range: 53}
                  - {name: out, direction: egress, protocol: any}
            ports:
              - match: port-b
                groups: [web]
                mode: enforce

            """

        private static func isBefore(_ left: [UInt8], _ right: [UInt8]) -> Bool {
            left.lexicographicallyPrecedes(right)
        }

        private static func expect(
            _ frames: [CaptureCommand.Frame], at port: String, _ direction: Direction, are expected: [[UInt8]]
        ) {
            let found = frames.filter { $0.interface == port && $0.direction == direction }.map(\.bytes)
            #expect(found.sorted(by: isBefore) == expected.sorted(by: isBefore), "\(port), \(direction)")
        }

        /// Frames of the right guest with a tag, to the left one.
        private static func answer(_ site: Site, _ count: Int) throws {
            let injector = try FrameInjector(on: "eth0", in: site.right)
            let frame = Frame(
                .ethernet(from: try site.right.macAddress(of: "eth0"), to: try site.left.macAddress(of: "eth0")),
                .vlan(7), .ipv4(from: "10.9.0.2", to: "10.9.0.1"), .udp(from: 53, to: 4000), .payload(40))
            for _ in 0..<count { try injector.send(frame.bytes) }
        }

        @Test func `frames are those that guests send and receive, with port, direction, verdict and account`() throws {
            try Site.with { site in
                try site.write(Self.policy, to: "policy.yaml")
                let daemon = try site.daemon("--port", "port-*", "--interval", "1")
                try site.weir("policy", "load", site.path("policy.yaml"))
                try site.weir("tap", "service", "create", "--name", "mon", "--port", "port-idle")
                try site.weir(
                    "tap", "flow", "create", "--name", "f", "--port", "port-a", "--tap-service", "mon", "--direction",
                    "OUT")
                let all = try CaptureCommand(site, "--ports", "port-[ab]", file: "all.pcapng")
                let refused = try CaptureCommand(site, "--verdict", "reject", "--json", file: "refused.pcapng")
                let lines = try CaptureCommand(site, "--port", "port-a", "--count", "3", "--json")
                let gone = try CaptureCommand(
                    site, "--port", "port-a", "--direction", "OUT", "--packet-length", "60", file: "gone.pcapng")
                let left = try CaptureWitness(on: "eth0", in: site.left, direction: .sent)
                let back = try CaptureWitness(on: "eth0", in: site.left, direction: .received)
                let right = try CaptureWitness(on: "eth0", in: site.right, direction: .received)
                var traffic = Traffic()
                try traffic.send(site, datagrams: 20, of: 30)
                try traffic.send(site, datagrams: 5, of: 30, to: 54)
                try Self.answer(site, 10)

                try Self.expectLines(try lines.process.wait())
                let (sent, answers, arrived) = (try left.stop(), try back.stop(), try right.stop())
                #expect(sent.count == 50 && answers.count == 10 && arrived.count == 40)
                let result = all.end()
                #expect(
                    result.status == 0
                        && result.errors == "120 frames captured; of 120 packets that matched 0 withheld, 0 lost\n",
                    "\(result.errors)")
                let frames = try all.frames()
                Self.expect(frames, at: "port-a", .egress, are: sent)
                Self.expect(frames, at: "port-a", .ingress, are: answers)
                Self.expect(frames, at: "port-b", .ingress, are: sent)
                Self.expect(frames, at: "port-b", .egress, are: answers)
                #expect(frames.count == 120 && frames.allSatisfy { ($0.interface == "port-a") == $0.comment.isEmpty })
                let toRight = frames.filter { $0.interface == "port-b" && $0.direction == .ingress }
                let passed = toRight.filter { $0.comment == "ACCEPT by rule web/open" }.map(\.bytes)
                #expect(passed.sorted(by: Self.isBefore) == arrived.sorted(by: Self.isBefore))

                #expect(refused.end().output.contains(#","frames":10,"unread":0}"#))
                let refusals = toRight.filter { $0.comment.hasPrefix("REJECT by rule ") }
                let captured = try refused.frames()
                #expect(refusals.count == 10 && captured == refusals)
                // A session takes what it takes without a capture.
                let session = try #require(try TapClient(socket: site.socket).view().sessions.first)
                #expect(session.figures.egress.mirrored.packets == 50 && session.figures.egress.obeysLaw)
                try Self.expectEnd(site, daemon, gone, sent.map { Array($0.prefix(60)) })
            }
        }

        private struct Line: Decodable {
            var port: String?
            var direction: String?
            var dstaddr: String?
            var dstport: Int?
            var length: Int?
            var frames: UInt64?
            var unread: UInt64?
            var account: TapFigures?
        }

        private static func expectLines(_ result: ChildProcess.Result) throws {
            let lines = try result.output.split(separator: "\n").map {
                try JSONDecoder().decode(Line.self, from: Data($0.utf8))
            }
            #expect(result.status == 0 && lines.count == 4, "\(result.output)\(result.errors)")
            #expect(lines.dropLast().allSatisfy { $0.port == "port-a" && $0.direction == "OUT" && $0.dstport == 53 })
            #expect(lines.compactMap(\.dstaddr) == ["10.9.7.7", "fd09:7::7", "10.9.7.7"])
            #expect(lines.compactMap(\.length) == [72, 92, 72])
            let summary = try #require(lines.last)
            let sum = try #require(summary.account).sum
            #expect(summary.frames == 3 && sum.obeysLaw)
            #expect(sum.mirrored.packets == 3 + (summary.unread ?? 0) && sum.mirrored == sum.matched)
        }

        /// A capture goes on while no daemon runs; the next one ends it.
        private static func expectEnd(
            _ site: Site, _ daemon: ChildProcess, _ gone: CaptureCommand, _ sent: [[UInt8]]
        ) throws {
            #expect(daemon.stop().status == 0)
            let log = daemon.errors
            #expect(
                log.contains(
                    #/notice: capture [0-9a-f-]+ of ports port-\[ab\] begins at 2 ports, asked for by user 0, process \d+ \(weir\)\n/#
                ), "\(log)")
            #expect(log.contains(#/notice: capture [0-9a-f-]+ was ended, asked for by user 0, process \d+ \(weir\)\n/#))
            let witness = try CaptureWitness(on: "eth0", in: site.left, direction: .sent)
            var traffic = Traffic()
            try traffic.send(site, datagrams: 4, of: 30)
            let more = try witness.stop().map { Array($0.prefix(60)) }
            let next = try site.daemon("--port", "port-*", "--interval", "1")
            let result = try gone.process.wait()
            #expect(result.status == 1 && result.errors.contains("weir: there is no capture "), "\(result.errors)")
            #expect(result.errors.hasPrefix("58 frames captured"), "\(result.errors)")
            #expect(try gone.frames().map(\.bytes) == sent + more)
            #expect(next.stop().status == 0)
        }

        @Test func `files follow one another, a reader that goes away ends it, and what is wrong is said`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-a", "--interval", "1")
                let rotated = try CaptureCommand(
                    site, "--port", "port-a", "--max-size", "8KB", "--files", "2", file: "r.pcapng")
                let pipe = try ChildProcess(
                    site.command(
                        [], behind: ["bash", "-o", "pipefail", "-c", "\"$0\" tap capture -w - 2>/dev/null | head -c 8"]),
                    environment: site.environment)
                try waitUntil("both capture") { try TapClient(socket: site.socket).view().captures?.count == 2 }
                let witness = try CaptureWitness(on: "eth0", in: site.left, direction: .sent)
                var traffic = Traffic()
                try waitUntil("the reader has gone") {
                    try traffic.send(site, datagrams: 30, of: 30)
                    return !pipe.isRunning
                }
                let ended = try pipe.wait()
                #expect(ended.status == 0 && Array(ended.output.utf8.prefix(4)) == [0x0a, 0x0d, 0x0d, 0x0a])
                let result = rotated.end()
                let sent = try witness.stop()
                #expect(result.errors.hasPrefix("\(sent.count) frames captured; "), "\(result.errors)")
                let files = try FileManager.default.contentsOfDirectory(atPath: site.folder).filter {
                    $0.hasPrefix("r-") && $0.hasSuffix(".pcapng")
                }.sorted()
                #expect(files.count == 2 && !FileManager.default.fileExists(atPath: site.path("r.pcapng")))
                let kept = try files.flatMap { try CaptureCommand.frames(in: site.path($0)) }.map(\.bytes)
                #expect(!kept.isEmpty && kept == Array(sent.suffix(kept.count)))
                for file in files {
                    let attributes = try FileManager.default.attributesOfItem(atPath: site.path(file))
                    #expect((attributes[.size] as? Int).map { $0 <= 8000 } == true)
                    #expect(attributes[.posixPermissions] as? Int == 0o600)
                }
                try Self.expectRefusals(site)
                #expect(daemon.stop().status == 0)
            }
        }

        private static func expectRefusals(_ site: Site) throws {
            func refusal(_ arguments: String...) throws -> String {
                let outcome = try site.outcome(["tap", "capture"] + arguments)
                return "\(outcome.status) \(outcome.errors)"
            }
            #expect(
                try refusal("--direction", "UP")
                    == "2 weir: direction of a capture must be IN, OUT or BOTH, not \"UP\"\n")
            #expect(
                try refusal("--files", "2") == "2 weir: --max-size and --files are about a file: name one (-w FILE)\n")
            #expect(
                try refusal("-w", "x", "--max-size", "7")
                    == "2 weir: --max-size must be a size from 4096 on, such as 100MB, not \"7\"\n")
            #expect(
                try refusal("--duration", "soon")
                    == "2 weir: --duration must be a time such as 30s, 5m or 1h, not \"soon\"\n")
            try FileManager.default.createSymbolicLink(
                atPath: site.path("link"), withDestinationPath: site.path("other"))
            #expect(
                try refusal("-w", site.path("link"))
                    == "1 weir: cannot write \(site.path("link")): it is a link, which is not followed: name another file\n"
            )
            #expect(try TapClient(socket: site.socket).view().captures == nil)
        }
    }
}

extension WeirCommandSuite.AFXDPTests {
    @Test(arguments: [OpenVSwitch.XDPMode.native, .generic])
    func `a capture has the frames that the switch reads through AF_XDP, of which tcpdump sees none`(
        mode: OpenVSwitch.XDPMode
    ) throws {
        try Self.withSwitch { site, vSwitch in
            try site.write("ports: [{match: port-a, hook: xsk, xdp-mode: \(mode.rawValue)}]\n", to: "weir.yaml")
            let daemon = try site.daemon("--interval", "1")
            try Self.open(vSwitch, mode)
            var traffic = Traffic()
            try traffic.pingUntilAnswered(site)
            let capture = try CaptureCommand(site, "--port", "port-a", "--direction", "OUT", file: "switch.pcapng")
            let source = try CaptureWitness(on: "eth0", in: site.left, direction: .sent)
            let blind = try CaptureWitness(on: "port-a", in: site.hub, direction: .received)
            try traffic.send(site, datagrams: 20, of: 30)
            try traffic.ping(site)
            let (sent, seen) = (try source.stop(), try blind.stop())
            let result = capture.end()
            #expect(
                result.errors == "48 frames captured; of 48 packets that matched 0 withheld, 0 lost\n",
                "\(result.errors)")
            let frames = try capture.frames()
            #expect(frames.map(\.bytes) == sent && sent.count == 48 && seen == [])
            #expect(frames.allSatisfy { $0.interface == "port-a" && $0.direction == .egress })
            #expect(daemon.stop().status == 0)
        }
    }
}
