// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    @Suite struct ChartCommandTests {
        /// Longer than a window of a second is on a host where all processors are busy.
        private let every = ["--every", "4s"]

        /// A store with pings in two runs of a daemon, between which nothing was measured for some seconds.
        private func makeStore(_ site: Site) throws {
            for run in 0..<2 {
                // As long as two pieces of `every`, so that one of them lies between the runs.
                if run > 0 { Thread.sleep(forTimeInterval: 8) }
                let daemon = try site.daemon("--port", "port-[ab]", "--interval", "1", "--store", site.path("flows"))
                for address in ["10.9.0.2", "fd09::2"] {
                    try site.left.run(["ping", "-q", "-c", "5", "-i", "0.2", address])
                }
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(daemon.stop().status == 0)
                // Programs that stay go on counting, and the next window has it all.
                try site.weir("detach", "--all")
            }
        }

        private func chart(_ site: Site, _ arguments: [String], locale: String = "C.UTF-8") throws
            -> ChildProcess.Result
        {
            try site.outcome(
                ["chart", "--store", site.path("flows"), "--since", "2m", "--utc"] + arguments,
                behind: ["env", "LC_ALL=\(locale)"])
        }

        @Test func `a chart has the sums of the records and the times that were not measured, in each form`() throws {
            try Site.with { site in
                try makeStore(site)
                let json = try #require(
                    try JSONSerialization.jsonObject(
                        with: Data(try chart(site, ["--json", "--by", "srcaddr", "icmp"] + every).output.utf8))
                        as? NSDictionary)
                let groups = try #require(json["groups"] as? [NSDictionary])
                #expect(groups.compactMap { $0["srcaddr"] as? String }.sorted() == ["10.9.0.1", "10.9.0.2"])
                // Two runs, two ports, five pings.
                #expect(groups.allSatisfy { ($0["packets"] as? [Int])?.reduce(0, +) == 20 })
                let total = try #require(json["total"] as? NSDictionary)
                #expect((total["bytes"] as? [Int])?.reduce(0, +) == 40 * 84)
                let measured = try #require(json["measured_seconds"] as? [Int])
                #expect(measured.contains { $0 > 0 } && measured.drop { $0 == 0 }.contains(0))

                let text = try chart(site, ["--by", "srcaddr", "--width", "100", "icmp"])
                #expect(text.status == 0 && text.output.contains("█") && text.output.contains("░"))
                #expect(text.output.contains(/\n10\.9\.0\.1 .* 1\.7 kB +\d+ B\n/))
                // The document's sample has the same head, axis and signs.
                let documented = try ReadingDocument.block(beginningWith: "weir chart --since 2026")
                let printed = text.output.components(separatedBy: "\n")
                func words(_ lines: [String], _ first: String) -> [Substring]? {
                    lines.first { $0.hasPrefix(first) }?.split(separator: " ")
                }
                #expect(words(printed, "SRCADDR")?.dropFirst() == words(documented, "DSTPORT")?.dropFirst())
                #expect(words(printed, "░ ") != nil && words(printed, "░ ") == words(documented, "░ "))
                #expect(documented.contains { $0.contains("0 └───") } && printed.contains { $0.contains("0 └───") })
                #expect(text.output.contains("octets every ") && text.output.contains(", 40 packets, 3.4 kB\n"))
                let plain = try chart(site, ["--by", "srcaddr", "icmp"], locale: "C").output
                #expect(plain.utf8.allSatisfy { $0 < 0x80 } && plain.contains("#") && plain.contains("?  not measured"))
                #expect(plain.split(separator: "\n").allSatisfy { $0.count <= 80 })

                // Another program draws it.
                let svg = try chart(site, ["--format", "svg", "--by", "srcaddr,protocol", "--width", "800"])
                try site.write(svg.output, to: "chart.svg")
                try ChildProcess.run(["rsvg-convert", "-o", site.path("chart.png"), site.path("chart.svg")])
                let kind = try ChildProcess.run(["file", "-b", site.path("chart.png")])
                #expect(kind.hasPrefix("PNG image data, 800 x "), "\(kind)")
                #expect(svg.output.contains("fd09::1 icmpv6: ") && svg.output.contains("not measured"))
            }
        }

        @Test func `a length of time that does not fit is refused with one that does`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-[ab]", "--interval", "1", "--store", site.path("flows"))
                try site.waitForWindow()
                #expect(daemon.stop().status == 0)
                func refusal(_ arguments: [String]) throws -> String {
                    let result = try chart(site, arguments)
                    #expect(result.status == 2 && result.output.isEmpty)
                    return result.errors
                }
                #expect(
                    try refusal(["--since", "10m"] + every).contains(
                        /^weir: --every 4s makes 15[01] pieces, and there is room for 69: take --every 10s, a shorter/))
                #expect(
                    try refusal(["--every", "soon"])
                        == "weir: --every must be a whole time, such as 30s, 5m or 1h, not \"soon\"\n")
                #expect(
                    try refusal(["--by", "srcport,srcadr"])
                        == "weir: --by: \"srcadr\" is not a field: did you mean srcaddr?\n")
            }
        }
    }
}
