// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    /// What the commands that read the store say of what cannot be read or meant. `FOLDER` stands for the site's folder.
    @Suite struct StoreRefusalTests {
        static let refusals = [
            Refusal(
                "--store FOLDER/flows hsot 10.0.0.1", status: 2,
                "filter, column 1: \"hsot\" is not a word of filters; did you mean host?"),
            Refusal(
                "--store FOLDER/flows dst port htps", status: 2,
                "filter, column 10: \"htps\" is not a port: a number, a range such as 80-90, or a service's name"),
            Refusal(
                "--store FOLDER/flows --since 25:00", status: 2,
                "--since must be a time, such as 1h, 12:00, 2026-11-25T12:00 or now, not \"25:00\""),
            Refusal(
                "--store FOLDER/flows --until 2026-02-30", status: 2,
                "--until must be a time, such as 1h, 12:00, 2026-11-25T12:00 or now, not \"2026-02-30\""),
            Refusal(
                "--store FOLDER/flows --since 1h --until 2h", status: 2,
                "--until 2h is not later than --since: swap them, or change one"),
            Refusal(
                "--store FOLDER/weir.yaml",
                "cannot read the store FOLDER/weir.yaml: not a directory; name the folder of a store (--store)"),
            Refusal(
                "--store FOLDER/other",
                "cannot read the store FOLDER/other: the folder is not a store of Weir's; "
                    + "name the folder that weir run --store writes (--store)"),
            Refusal(
                "--store FOLDER/nowhere",
                "cannot read the store FOLDER/nowhere: no such file or directory; "
                    + "name a store that is there (--store), or configure one (store)"),
        ]

        private static let commands = ["logs", "top", "chart"]

        @Test func `each is one sentence, of each command`() throws {
            try Site.with { site in
                try FileManager.default.createDirectory(atPath: site.path("flows"), withIntermediateDirectories: true)
                try FileManager.default.createDirectory(atPath: site.path("other"), withIntermediateDirectories: true)
                try site.write("PAR1", to: "other/data.parquet")
                for command in Self.commands {
                    for refusal in Self.refusals {
                        var asked = Refusal("", status: refusal.status, refusal.sentence)
                        asked.arguments = [command] + refusal.arguments
                        try site.expect(asked)
                    }
                    let future = try site.outcome([command, "--store", site.path("flows"), "--since", "2100-01-01"])
                    #expect(future.status == 2 && future.output.isEmpty)
                    #expect(
                        future.errors.contains(/^weir: --since 2100-01-01 lies in the future: it is \S+ \S+ now\n$/))
                }
            }
        }

        @Test func `a store that this user may not read is said`() throws {
            try Site.with { site in
                try site.copyBinaryForEverybody()
                try FileManager.default.createDirectory(
                    atPath: site.path("flows"), withIntermediateDirectories: true,
                    attributes: [.posixPermissions: 0o700])
                let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                for command in Self.commands {
                    var refusal = Refusal(
                        "",
                        "cannot read the store FOLDER/flows: permission denied; let this user in there, or name another store"
                    )
                    refusal.arguments = [command, "--store", "FOLDER/flows"]
                    try site.expect(refusal, behind: nobody)
                }
            }
        }

        private func makeStore(_ site: Site) throws {
            let daemon = try site.daemon("--port", "port-a", "--interval", "1", "--store", site.path("flows"))
            try site.left.run(["ping", "-q", "-c", "3", "-i", "0.2", "10.9.0.2"])
            for _ in 0..<2 { try site.waitForWindow() }
            #expect(daemon.stop().status == 0)
        }

        @Test func `a time of which nothing is there is said, and is no failure`() throws {
            try Site.with { site in
                try FileManager.default.createDirectory(atPath: site.path("empty"), withIntermediateDirectories: true)
                try makeStore(site)
                for command in Self.commands {
                    let empty = try site.outcome([command, "--store", site.path("empty")])
                    #expect(empty.status == 0 && empty.errors == "weir: the store has no window yet\n")
                    let year = ["--since", "2001-01-01", "--until", "2001-12-31"]
                    let result = try site.outcome([command, "--store", site.path("flows")] + year)
                    #expect(
                        result.status == 0
                            && result.errors.contains(
                                /^weir: the store has no window of that time: it holds \S+ \S+ to \S+ \S+\n$/)
                    )
                }
            }
        }

        @Test func `a segment that was cut short is named, and the rest is shown`() throws {
            try Site.with { site in
                try makeStore(site)
                let files = try ChildProcess.run(["find", site.path("flows"), "-name", "*.parquet"]).split(
                    separator: "\n"
                ).sorted()
                let cut = try #require(files.first).dropFirst(site.path("flows").count + 1)
                try ChildProcess.run(["truncate", "-s", "-9", String(files[0])])
                for command in Self.commands {
                    let result = try site.outcome([command, "--store", site.path("flows")])
                    #expect(result.status == 1 && !result.output.isEmpty)
                    #expect(result.errors.hasPrefix("weir: \(cut) ") && result.errors.split(separator: "\n").count == 1)
                    #expect(result.errors.hasSuffix("; what is missing is left out\n"))
                }
                // Another file of that name.
                try site.write("not ours", to: "flows/\(cut)")
                let result = try site.outcome(["logs", "--store", site.path("flows")])
                #expect(result.status == 1 && result.errors.hasPrefix("weir: \(cut) "))
            }
        }

        @Test func `options that contradict each other are refused`() throws {
            try Site.with { site in
                for (arguments, sentence) in [
                    ("logs --json --format csv", "--json and --format csv contradict each other."),
                    ("dump --json --format csv", "--json and --format csv contradict each other."),
                    ("chart --json --format svg", "--json and --format svg contradict each other."),
                    ("logs --fields srcaddr", "--fields has a meaning only with --format aws."),
                    ("logs --names --json", "--names has a meaning only in a table."),
                    ("logs --last 0", "--last takes a number from 1 on."),
                    ("top -n 0", "-n takes a number from 1 on."),
                ] {
                    let result = try site.outcome(arguments.split(separator: " ").map(String.init))
                    #expect(result.status == 2 && result.output.isEmpty)
                    #expect(result.errors.hasPrefix("Error: \(sentence)\n"), "\(result.errors)")
                }
            }
        }

        @Test func `CSV has the facts of JSON`() throws {
            try Site.with { site in
                try makeStore(site)
                for format in ["csv", "json"] {
                    try site.write(try site.weir("logs", "--store", site.path("flows"), "--format", format), to: format)
                }
                let script = """
                    import csv, json, sys
                    rows = list(csv.DictReader(open(sys.argv[1], newline=""), strict=True))
                    lines = [json.loads(line) for line in open(sys.argv[2])]
                    text = lambda value: "true" if value is True else str(value)
                    assert [{k: v for k, v in row.items() if v} for row in rows] == [{k: text(v) for k, v in line.items()} for line in lines]
                    print(len(rows) > 3)
                    """
                let printed = try ChildProcess.run(["python3", "-c", script, site.path("csv"), site.path("json")])
                #expect(printed == "True\n")
            }
        }
    }
}
