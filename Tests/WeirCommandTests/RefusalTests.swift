// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    @Suite struct RefusalTests {
        @Test func `a port that is not there is named, and those before it are left alone`() throws {
            let missing = """
                cannot find the port nope: there is no such interface in this network namespace; list them with: ip link
                """
            try Site.with { site in
                for command in ["attach nope", "attach port-a nope"] { try site.expect(Refusal(command, missing)) }
                try site.expect(
                    Refusal("detach nope", "cannot detach nope: it is not attached; list what is: weir status"))
            }
        }

        @Test func `a port that is attached already is left as it is and named, and the others are attached`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a")
                let known = "port-a: attached already as port 1, from tcx, to tcx\n"
                #expect(try site.weir("attach", "port-a") == known)
                #expect(
                    try site.weir("attach", "port-a", "port-b") == known
                        + "port-b: attached as port 2, from tcx, to tcx\n")
                #expect(try site.weir("attach", "--if-needed", "port-a", "port-b") == "")
                #expect(try site.weir("attach", "--if-needed", "--json", "port-a") == "[\n\n]\n")
                #expect(
                    try site.weir("attach", "port-idle", "--if-needed", "port-a")
                        == "port-idle: attached as port 3, from tcx, to tcx\n")
                #expect(try site.status().ports.map(\.state) == ["attached", "attached", "attached"])
            }
        }

        @Test func `what is not attached is named`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a")
                try site.expect(
                    Refusal(
                        "detach port-a port-b", "cannot detach port-b: it is not attached; list what is: weir status"))
                try site.expect(
                    Refusal(
                        "dump port-b", "cannot show the flows of port-b: it is not attached; list what is: weir status")
                )
                #expect(try site.status().ports.map(\.name) == ["port-a"])
            }
        }

        @Test func `somebody else's XDP program is named and stays`() throws {
            try Site.with { site in
                let other = site.bpffs + "-other"
                defer { try? FileManager.default.removeItem(atPath: other) }
                try site.weir("attach", "port-a", "--hook", "xdp", "--bpffs", other)
                let links = try site.hub.ip("link show port-a")
                let id = try #require(try #/prog/xdp id (\d+)/#.firstMatch(in: links)).1
                try site.expect(
                    Refusal(
                        "attach port-b port-a --hook xdp",
                        """
                        cannot attach XDP to port-a: the XDP program weir_xdp_from (id \(id)) is already there; take it \
                        away first (ip link set dev port-a xdp off), or use --hook tc
                        """))
            }
        }

        @Test func `an interface without Ethernet headers is refused`() throws {
            try Site.with { site in
                try site.hub.ip("tuntap add tun9 mode tun")
                try site.expect(
                    Refusal(
                        "attach tun9",
                        """
                        cannot attach to tun9: its frames have no Ethernet header; measure a tap, veth, bridge port or \
                        NIC instead
                        """))
            }
        }

        @Test func `a command that cannot be meant has status 2`() throws {
            try Site.with { site in
                try site.write(
                    "groups: [{name: g, rules: [{direction: ingress}]}]\nports: [{match: a, groups: g}]\n",
                    to: "policy.yaml")
                for refusal in Self.usage { try site.expect(refusal) }
                let unknown = try site.outcome("run", "--prot", "tap0")
                #expect(unknown.status == 2)
                #expect(
                    unknown.errors.hasPrefix("Error: Unknown option '--prot'. Did you mean '--port'?\nUsage: weir run ")
                )
                let pointless = try site.outcome("attach", "port-a", "--xdp-mode", "native")
                #expect(pointless.status == 2)
                #expect(
                    pointless.errors.hasPrefix(
                        "Error: --xdp-mode has a meaning only with --hook xdp or xsk.\nUsage: weir attach "))
                for (arguments, sentence) in Self.contradictions {
                    let result = try site.outcome(arguments.split(separator: " ").map(String.init))
                    #expect(result.status == 2 && result.output == "", "\(arguments)")
                    #expect(
                        result.errors.hasPrefix("Error: \(sentence)\nUsage: weir "), "\(arguments): \(result.errors)")
                }
                #expect(try site.isClean())
            }
        }

        @Test func `help names defaults by their words, and counts agree with their nouns`() throws {
            try Site.with { site in
                let help = try site.weir("attach", "--help").split(whereSeparator: \.isWhitespace).joined(
                    separator: " ")
                #expect(
                    help.contains("What is behind the port: guest or uplink (guest). (values: guest, uplink) --flows"))
                try site.write(
                    "groups: [{name: g, rules: [{direction: ingress}]}]\nports: [{match: a, groups: g}]\n",
                    to: "policy.yaml")
                let facts = try site.weir("policy", "check", site.path("policy.yaml"))
                #expect(facts.contains(": 1 group with 1 rule for 1 entry of ports, 0 of it enforced; in the kernel "))
                try site.write("groups: []\nports: []\n", to: "policy.yaml")
                #expect(
                    try site.weir("policy", "check", site.path("policy.yaml")).contains(
                        ": 0 groups with 0 rules for 0 entries of "))
            }
        }

        private static let contradictions = [
            ("dump --fields srcaddr", "--fields has a meaning only with --format aws."),
            ("dump --format json --fields srcaddr", "--fields has a meaning only with --format aws."),
            ("dump --json --format aws", "--json and --format aws contradict each other."),
            ("dump --json --format table", "--json and --format table contradict each other."),
            (
                "attach port-a --hook tc --ovs-rundir /run/openvswitch",
                "--ovs-rundir has a meaning only with --hook auto."
            ),
        ]

        private static let usage = [
            Refusal(
                "run --interval 0", status: 2,
                "--interval must be whole seconds from 1s to 1h, such as 60, 60s, 5m or 1h, not \"0\""),
            Refusal("run --format xml", status: 2, "--format must be aws, json, csv or parquet, not \"xml\""),
            Refusal("run --flows 0", status: 2, "--flows must be a whole number from 1 to 16777216, not \"0\""),
            Refusal(
                "run --fields srcaddr,dstadr", status: 2,
                "--fields: \"dstadr\" is not a field of AWS flow logs: did you mean \"dstaddr\"?"),
            Refusal(
                "dump --format aws --fields dstadr", status: 2,
                "\"dstadr\" is not a field of AWS flow logs: did you mean \"dstaddr\"?"),
            Refusal(
                "run --format json --fields srcaddr", status: 2,
                "fields has a meaning only with the formats aws and parquet; leave it out, or choose one of them (--format aws)"
            ),
            Refusal(
                "run --format parquet", status: 2,
                "Parquet is for files, not for standard output: name a folder for them (--log-dir), or choose aws, json or csv (--format)"
            ),
            Refusal(
                "run --fields rule", status: 2,
                "fields: \"rule\" is not a field of AWS flow logs: did you mean \"type\"?"),
            Refusal(
                "policy explain --port a --direction ingress --protocol gre --source 10.0.0.1 --destination 10.0.0.2 --source-port 1 FOLDER/policy.yaml",
                status: 2, "--source-port has a meaning only with a protocol that has ports, or ICMP"),
            Refusal(
                "policy explain --port a --direction ingress --protocol icmp --source 10.0.0.1 --destination 10.0.0.2 --source-port 256 FOLDER/policy.yaml",
                status: 2, "--source-port is a type or code of ICMP here, from 0 to 255, not 256"),
            Refusal(
                "run --config FOLDER/none.yaml", status: 2,
                """
                cannot read the configuration FOLDER/none.yaml: no such file or directory; name another with --config \
                or WEIR_CONFIG
                """),
        ]

        @Test(arguments: [
            ("interval: 60\nintervall: 30\n", "FOLDER/weir.yaml:2: unknown key \"intervall\"; did you mean interval?"),
            (
                "region: local-1\n\ninterval: 2h\n",
                "FOLDER/weir.yaml:3: interval must be whole seconds from 1s to 1h, such as 60, 60s, 5m or 1h, not \"2h\""
            ),
            (
                "ports:\n  - match: tap*\n    rol: guest\n",
                "FOLDER/weir.yaml:3: unknown key \"rol\"; did you mean role?"
            ),
            (
                "ports: [tap*\ninterval: 1\n",
                "FOLDER/weir.yaml:1: a list is opened here with [ and not closed with ], or a comma is missing in it"
            ),
        ])
        func `what is wrong in the configuration is named by file, line and key`(text: String, sentence: String) throws
        {
            try Site.with { site in
                try site.write(text, to: "weir.yaml")
                for command in ["run", "attach port-a", "status"] {
                    try site.expect(Refusal(command, status: 2, sentence))
                }
            }
        }

        @Test func `a log directory that cannot be written is refused before anything is made`() throws {
            try Site.with { site in
                try site.write("", to: "file")
                let run = "run --port port-a --log-dir "
                try site.expect(
                    Refusal(
                        run + "FOLDER/file",
                        """
                        cannot write log files to FOLDER/file: not a directory; move the file away that stands where a \
                        folder must be
                        """))
                try site.expect(
                    Refusal(
                        run + "FOLDER/file/logs",
                        """
                        cannot create the folder FOLDER/file/logs: not a directory; move the file away that stands where \
                        a folder must be
                        """))
                try site.expect(
                    Refusal(
                        run + "/mnt/logs",
                        """
                        cannot create the folder /mnt/logs: read-only file system; mount the file system writable, or \
                        choose another log directory
                        """),
                    behind: ["unshare", "-m", "sh", "-c", "mount -t tmpfs -o ro none /mnt && exec \"$0\" \"$@\""])
            }
        }
    }
}
