// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    @Suite struct TopCommandTests {
        private func ping(_ site: Site, count: Int) throws {
            for address in ["10.9.0.2", "fd09::2"] {
                try site.left.run(["ping", "-q", "-c", "\(count)", "-i", "0.1", address])
            }
        }

        /// A daemon whose store has pings, and that goes on.
        private func daemonWithPings(_ site: Site, interval: String = "1") throws -> ChildProcess {
            let daemon = try site.daemon(
                "--port", "port-[ab]", "--interval", interval, "--store", site.path("flows"))
            try ping(site, count: 5)
            return daemon
        }

        private func json(_ text: String) throws -> NSDictionary {
            try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? NSDictionary)
        }

        private func packets(_ report: NSDictionary, _ field: String, _ value: String) throws -> Int {
            let groups = try #require(report["groups"] as? [NSDictionary])
            return groups.filter { $0[field] as? String == value }.reduce(0) { $0 + ($1["packets"] as? Int ?? 0) }
        }

        @Test func `the sums of groups are those of the records`() throws {
            try Site.with { site in
                let daemon = try daemonWithPings(site)
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(daemon.stop().status == 0)
                let store = ["--store", site.path("flows")]
                let lines = try LogLines.json(try site.outcome(["logs", "--json"] + store).output)
                let flows = lines.filter { $0["log-status"] == "OK" }
                let by = ["--by", "interface,srcaddr,flow_direction"]
                let report = try json(try site.outcome(["top", "--json", "-n", "1000"] + by + store).output)
                let sum = try #require(report["sum"] as? NSDictionary)
                for name in ["packets", "bytes"] {
                    let expected = try flows.reduce(0) { try $0 + Int(LogLines.number($1, name)) }
                    #expect(sum[name] as? Int == expected)
                }
                #expect(sum["flows"] as? Int == flows.count && report["open_window"] as? Bool == false)
                // Five pings and their answers, at both ports.
                let table = try site.outcome(["top", "icmp"] + by + store).output.split(separator: "\n")
                #expect(table[1].hasPrefix("INTERFACE  SRCADDR   FLOW_DIRECTION  FLOWS  PACKETS  OCTETS"))
                let row = #/^port-[ab] +10\.9\.0\.[12] +\w+ +\d+ +5 +420 B /#
                #expect(table.dropFirst(2).dropLast().allSatisfy { $0.contains(row) })
                #expect(table.last?.contains(#/^4 groups, \d+ flows, 20 packets, 1.7 kB/#) == true)
            }
        }

        /// Windows of a minute: what was sent is in none that is closed.
        @Test func `the flows of the open window are counted where it can be read`() throws {
            try Site.with { site in
                let daemon = try daemonWithPings(site, interval: "3600")
                let behind = ["env", "WEIR_STORE=\(site.path("flows"))"]
                let report = try json(
                    try site.outcome(["top", "--json", "--by", "interface,srcaddr", "icmp"], behind: behind).output)
                #expect(report["open_window"] as? Bool == true)
                #expect(try packets(report, "srcaddr", "10.9.0.1") == 10)
                // A store that is named may be that of another host.
                let named = try json(try site.weir("top", "--json", "--store", site.path("flows"), "icmp"))
                #expect(named["open_window"] as? Bool == false && (named["groups"] as? [NSDictionary])?.isEmpty == true)
                try site.copyBinaryForEverybody()
                try ChildProcess.run(["chmod", "-R", "a+rX", site.path("flows")])
                let nobody = behind + ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                let other = try site.outcome(["top", "--once"], behind: nobody)
                #expect(other.output.contains("; without the open window: it takes root\n"), "\(other)")
                #expect(other.status == 0)
                #expect(daemon.stop().status == 0)
            }
        }

        @Test func `on a terminal it is alive: keys change order, groups, time and filter`() throws {
            try Site.with { site in
                _ = try daemonWithPings(site)
                let window = try TerminalWindow(
                    site, ["top"], columns: 100, rows: 24, environment: ["WEIR_STORE": site.path("flows")])
                try window.wait("it shows the pings") { rows in
                    rows[0].hasPrefix("weir top  last 5m  most octets first  to ")
                        && rows[3].hasPrefix("INTERFACE  SRCADDR   DSTADDR")
                        && rows.contains { $0.contains(#/^port-b +10\.9\.0\.1 +10\.9\.0\.2 +\d+ +5 +420 B /#) }
                }
                try ping(site, count: 3)
                try window.wait("it goes on counting") { rows in
                    rows.contains { $0.contains(#/^port-b +10\.9\.0\.1 +10\.9\.0\.2 +\d+ +8 +672 B /#) }
                }
                try window.type("p")
                try window.wait("packets decide") { $0[0].contains("most packets first") }
                try window.type("id")
                try window.wait("groups are sources") { rows in
                    rows[3].hasPrefix("SRCADDR ") && rows.contains { $0.contains(#/^fd09::1 +\d+ +16 +1\.7 kB /#) }
                }
                try window.type("-")
                try window.wait("the time is shorter") { $0[0].contains("last 2m") }
                try window.type("/icmpp")
                try window.press("Enter")
                try window.wait("a wrong filter is said") { rows in
                    rows.contains { $0.hasPrefix("filter, column 1: \"icmpp\" is not a word of filters; did you mean") }
                        && rows.contains { $0.hasPrefix("/icmpp") }
                }
                try window.press("C-u")
                try window.type("icmp")
                try window.press("Enter")
                try window.wait("the filter holds") { rows in
                    rows[1].hasPrefix("filter: icmp") && rows.contains { $0.hasPrefix("10.9.0.1 ") }
                        && !rows.contains { $0.hasPrefix("fd09::1 ") }
                }
                try window.type("?")
                try window.wait("it helps") { $0.contains { $0.hasPrefix("Order by: b octets, p packets") } }
                try window.type("x ")
                try window.wait("it stands still") { $0[0].contains("PAUSED") }
                try window.type("q")
                try window.wait("the terminal is as before") { $0[0] == "before" && $0[1] == "ended 0" }
            }
        }

        /// But for addresses, numbers and times, which are those of another run.
        @Test func `the screen is as the document shows it`() throws {
            let documented = try ReadingDocument.block(beginningWith: "weir top  last")
            func shape(_ line: String) -> String {
                line.replacing(#/\d[\d.]*( [kM])?/#, with: "0").replacing(#/ +/#, with: " ")
            }
            try Site.with { site in
                _ = try daemonWithPings(site)
                let window = try TerminalWindow(
                    site, ["top", "--by", "dstaddr,dstport,protocol", "interface", "port-b", "and", "ingress"],
                    columns: 100, rows: 20, environment: ["WEIR_STORE": site.path("flows")])
                let rows = try window.wait("it shows the pings") { $0.contains { $0.contains("icmp ") } }
                #expect(shape(rows[0]) == shape(documented[0]))
                #expect(rows[1].replacing("port-b", with: "tap-right") == documented[1])
                #expect(shape(rows[3]) == shape(documented[3]))
                #expect(rows[19] == documented[19] && documented.count == 20)
                #expect(shape(documented[18]) == "0-0 of 0 groups, 0 flows, 0 packets, 0B, 0B/s, 0 rejected")
                #expect(rows[18].contains(#/^\d+ groups?, \d+ flows?, \d+ packets?, /#))
            }
        }

        @Test func `it fits terminals of every size, and draws anew when the size changes`() throws {
            try Site.with { site in
                _ = try daemonWithPings(site)
                let window = try TerminalWindow(
                    site, ["top"], columns: 80, rows: 24, environment: ["WEIR_STORE": site.path("flows")])
                try window.wait("it shows the pings") { rows in rows.contains { $0.contains("port-b") } }
                for (columns, rows) in [(40, 12), (200, 50), (80, 8), (100, 30)] {
                    try window.resize(columns: columns, rows: rows)
                    try window.wait("it fits \(columns) columns") { screen in
                        screen[0].hasPrefix("weir top") && screen[3].contains(/^INTERFACE.* OCTETS/)
                            && screen.dropFirst(4).first?.hasPrefix("port-") == true
                            && screen[rows - 1].hasPrefix("q quit") && screen[rows - 2].contains(" groups")
                            && screen.allSatisfy { $0.count <= columns }
                    }
                }
                try window.resize(columns: 15, rows: 4)
                try window.wait("it says so where it cannot") { $0[0].hasPrefix("the terminal i") }
                try window.resize(columns: 80, rows: 24)
                try window.wait("it is there again") { $0[3].hasPrefix("INTERFACE") }
            }
        }

        @Test func `colours are on a terminal alone, and not where NO_COLOR asks for none`() throws {
            try Site.with { site in
                _ = try daemonWithPings(site)
                for (value, hasColours) in [("", true), ("1", false)] {
                    let window = try TerminalWindow(
                        site, ["top"], columns: 100, rows: 24,
                        environment: ["WEIR_STORE": site.path("flows"), "NO_COLOR": value])
                    try window.wait("it shows the pings") { rows in rows.contains { $0.contains("█") } }
                    #expect(try window.colours().contains("\u{1B}[32m") == hasColours)
                    #expect(try window.colours().contains("\u{1B}[1m") == hasColours)
                }
                let ascii = try TerminalWindow(
                    site, ["top"], columns: 100, rows: 24,
                    environment: ["WEIR_STORE": site.path("flows"), "LC_ALL": "C"])
                try ascii.wait("bars are signs of ASCII") { rows in rows.contains { $0.hasSuffix("####") } }
            }
        }

        @Test(arguments: [SIGTERM, SIGHUP, SIGINT])
        func `a signal ends it, and the terminal is given back`(number: Int32) throws {
            try Site.with { site in
                _ = try daemonWithPings(site)
                let window = try TerminalWindow(
                    site, ["top"], columns: 80, rows: 24, environment: ["WEIR_STORE": site.path("flows")])
                try window.wait("it shows the pings") { rows in rows.contains { $0.contains("port-b") } }
                kill(try window.command(), number)
                try window.wait("the terminal is as before") { $0[0] == "before" && $0[1] == "ended 0" }
            }
        }

        @Test func `logs that follow say what the open window has, below the records`() throws {
            try Site.with { site in
                _ = try daemonWithPings(site, interval: "2")
                let window = try TerminalWindow(
                    site, ["logs", "-f", "icmp"], columns: 130, rows: 40,
                    environment: ["WEIR_STORE": site.path("flows")])
                try window.wait("records, then the open window") { rows in
                    let last = rows.last { !$0.isEmpty } ?? ""
                    return rows.contains { $0.contains("10.9.0.1  →  10.9.0.2") }
                        && last.contains(/^open until \d\d:\d\d:\d\dZ?: \d+ flows? so far/)
                }
                try ping(site, count: 3)
                try window.wait("more records, and one last line") { rows in
                    rows.filter { $0.contains("10.9.0.1  →  10.9.0.2") }.count >= 4
                        && rows.filter { $0.hasPrefix("open until ") }.count == 1
                }
                try window.press("C-c")
                try window.wait("it ends") { $0.contains { $0.hasSuffix("ended 130") } }
            }
        }
    }
}
