// SPDX-License-Identifier: Apache-2.0

import FlowFilter
import FlowModel
import Testing

@Suite struct FlowFilterTests {
    private static let rest = ["arp", "nodata", "skipdata"]

    @Test(
        arguments: [
            // Addresses, in pcap's words.
            ("host 10.0.0.5", ["ssh", "web", "ping"]), ("src host 10.0.0.5", []),
            ("dst 10.0.0.5", ["ssh", "web", "ping"]),
            ("10.0.0.9", ["ping"]), ("src net 10.0.0.0/8", ["ping"]), ("net 2001:db8::/32", ["dns"]),
            ("host in [10.0.0.9, fd00::9]", ["dns", "ping"]), ("host 10.0.0.9 or 192.0.2.7", ["ssh", "web", "ping"]),
            ("src 10.0.0.5 or 10.0.0.9", ["ping"]),
            // Ports; those of ICMP are none.
            ("port 22", ["ssh"]), ("dst port 22 or 443", ["ssh", "web"]), ("port 400-500", ["web"]),
            ("src port 53", ["dns"]),
            ("port in [22, 53]", ["ssh", "dns"]), ("port domain", ["dns"]), ("port 8", []), ("port 0", []),
            // Protocols and versions.
            ("tcp", ["ssh", "web"]), ("proto udp", ["dns"]), ("protocol = 1", ["ping"]), ("icmp", ["ping"]),
            ("ip6", ["dns"]), ("ip", ["ssh", "web", "ping"]), ("icmp-type = 8", ["ping"]), ("icmp6", []),
            // Verdicts.
            ("reject", ["ssh"]), ("accept", ["web", "arp"]), ("action = accept", ["web", "arp"]),
            ("rule \"no ssh\"", ["ssh"]), ("rule 'no*'", ["ssh"]), ("reason policy", ["ssh"]),
            ("verdict-source observed", ["web", "arp"]),
            ("action != REJECT", ["web", "arp"]), ("mixed", []),
            // Interfaces and who owns them.
            ("interface tap7", ["ssh", "web", "nodata"]), ("interface eni-*", ["ssh", "web", "nodata"]),
            ("interface tap1[0-9]", ["dns", "ping", "arp", "skipdata"]),
            ("interface-id tap12", ["dns", "ping", "arp", "skipdata"]),
            ("vm i-web-1", ["ssh", "web", "nodata"]), ("vm 'Web server 1'", ["ssh", "web", "nodata"]),
            ("vm W*1", ["ssh", "web", "nodata"]), ("vm Web", []), ("vm i-web-*", ["ssh", "web", "nodata"]),
            ("not vm web", ["ssh", "web", "dns", "ping"] + rest), ("project p-1", ["ssh", "web", "nodata"]),
            ("project shop and tcp", ["ssh", "web"]), ("project in [p-2, shop]", ["ssh", "web", "nodata"]),
            ("instance_name = 'Web server 1'", ["ssh", "web", "nodata"]), ("project-id p-2", []),
            ("name office", ["web"]), ("src name office", ["web"]), ("dst name office", []),
            ("dst name 'Web server 1'", ["web"]), ("src_name in [office, x]", ["web"]), ("dst-name != office", ["web"]),
            ("project-name != p-1", ["ssh", "web", "nodata"]),
            ("vpc_id vpc-1", ["ssh", "web", "nodata"]),
            ("interface in [tap7, tap12]", ["ssh", "web", "dns", "ping", "arp", "nodata", "skipdata"]),
            // Frames.
            ("vlan", ["dns", "ping"]), ("vlan 100", ["dns", "ping"]), ("vlan 5", []), ("vlan and udp", ["dns"]),
            ("flags syn", ["ssh", "web"]), ("flags syn,ack", ["ssh"]), ("flags fin", []), ("dscp 46", ["web"]),
            ("mac 52:54:00:00:00:02", ["ssh"]), ("src mac 52:54:00:00:00:02", []),
            ("dst mac 52:54:00:00:00:02", ["ssh"]),
            ("ingress", ["ssh", "web"]), ("egress", ["dns", "ping", "arp"]),
            // Numbers.
            ("bytes > 1m", ["ssh"]), ("bytes > 1.5m", []), ("bytes >= 1.5m", ["ssh"]), ("bytes lt 1k", ["web", "arp"]),
            ("packets = 3", ["arp"]), ("bytes 80-126", ["web", "arp"]), ("srcport != 53", ["ssh", "web"]),
            ("overflow-packets > 0", ["skipdata"]), ("bytes < 0", []), ("packets in [3, 4]", ["arp"]),
            ("srcaddr = 192.0.2.0/24", ["ssh", "web"]), ("pkt-dstaddr != 10.0.0.5", ["dns"]),
            // Lines that are no flows.
            ("nodata", ["nodata"]), ("skipdata", ["skipdata"]), ("unparsed not-ip", ["arp"]),
            ("log-status = nodata", ["nodata"]),
        ] as [(String, [String])])
    func `a test chooses the lines that have what it asks for`(text: String, names: [String]) throws {
        let filter = try FlowFilter(text) { $0 == "domain" ? 53 : nil }
        #expect(FilteredLines.chosen(by: filter) == names)
    }

    @Test(
        arguments: [
            ("host 10.0.0.5 and dst port 22 and reject", ["ssh"]),
            // or binds less than and, not binds most.
            ("udp or tcp and port 22", ["ssh", "dns"]), ("(udp or tcp) and port 22", ["ssh"]),
            ("not tcp and not udp", ["ping"] + rest), ("not (tcp or udp)", ["ping"] + rest),
            ("! not tcp", ["ssh", "web"]),
            ("tcp && !port 22 || udp", ["web", "dns"]), ("TCP AND PORT 22", ["ssh"]), ("((((tcp))))", ["ssh", "web"]),
            ("not port 22", ["web", "dns", "ping"] + rest),
        ] as [(String, [String])])
    func `tests are joined by and, or, not and brackets`(text: String, names: [String]) throws {
        #expect(FilteredLines.chosen(by: try FlowFilter(text)) == names)
    }

    /// De Morgan's laws, and not of not, on all tests that another table has.
    @Test(arguments: [
        "host 10.0.0.5", "port 22", "bytes > 1k", "vlan", "reject", "interface tap7", "nodata", "srcport != 53",
    ])
    func `not turns each answer round`(text: String) throws {
        let (plain, inverted) = (try FlowFilter(text), try FlowFilter("not (\(text))"))
        #expect(FilteredLines.all.allSatisfy { plain.matches($0.line) != inverted.matches($0.line) })
    }

    @Test(
        arguments: [
            ("", 1, "a condition is missing before the end, such as host 10.0.0.1"),
            ("dst prot 22", 5, "\"prot\" is not an address, such as 10.0.0.1, or a network, such as 10.0.0.0/8"),
            ("prot tcp", 1, "\"prot\" is not a word of filters; did you mean port?"),
            ("project >", 9, "a project, by its name or project-id is missing before \">\""),
            ("src name", 9, "a name of a machine or network is missing before the end"),
            ("interfaec tap7", 1, "\"interfaec\" is not a word of filters; did you mean interface?"),
            ("tcp prot 22", 5, "\"prot\" follows a complete condition; put \"and\" or \"or\" before it"),
            ("tcp and", 8, "a condition is missing before the end, such as host 10.0.0.1"),
            ("(tcp or udp", 12, "the bracket of column 1 is not closed before the end"),
            ("tcp)", 4, "no bracket is open that \")\" closes"),
            ("port 70000", 6, "70000 is too large for srcport: it is at most 65535"),
            ("port ssj", 6, "\"ssj\" is not a port: a number, a range such as 80-90, or a service's name"),
            ("port", 5, "a port: a number, a range such as 80-90, or a service's name is missing at the end"),
            ("22", 1, "22 alone is not a condition; write port 22, for example"),
            (
                "host 10.0.0.256", 6,
                "\"10.0.0.256\" is not an address, such as 10.0.0.1, or a network, such as 10.0.0.0/8"
            ),
            ("action = rejct", 10, "\"rejct\" is not a value of action: those are ACCEPT, REJECT"),
            ("bytes > 10-20", 9, "\">\" takes one number, not the range 10-20"),
            ("rule > 5", 6, "rule is text: compare it by =, != or in [...]"),
            ("port in 22", 9, "a list begins with \"[\", not with \"22\""),
            ("port in [22 443]", 13, "the list of column 9 goes on with \",\" or ends with \"]\", not with \"443\""),
            ("rule \"no ssh", 6, "the quote \" is not closed"),
            ("flags sin", 7, "\"sin\" is not a TCP flag: they are fin, syn, rst, psh, ack, urg, ece, cwr"),
            ("start > 5", 1, "a filter does not choose by time; see --since and --until"),
            ("tcp & udp", 5, "\"&\" has no meaning here; put it in quotes"),
        ] as [(String, Int, String)])
    func `what is wrong is said with its column`(text: String, column: Int, reason: String) {
        #expect(throws: FilterError(column: column, reason)) { try FlowFilter(text) }
    }

    @Test func `a filter that is too long or too deep is refused`() {
        let deep = String(repeating: "(", count: 200) + "tcp" + String(repeating: ")", count: 200)
        #expect(throws: FilterError.self) { try FlowFilter(deep) }
        #expect(throws: FilterError.self) { try FlowFilter("tcp" + String(repeating: " or udp", count: 10_000)) }
        #expect(throws: Never.self) { try FlowFilter("tcp" + String(repeating: " or udp", count: 9000)) }
    }

    /// Any text is a filter or has an error within itself; none makes the parser trap.
    @Test func `random texts are read or refused`() {
        var random = SystemRandomNumberGenerator()
        let words = [
            "host", "10.0.0.1", "port", "22", "in", "[", "]", ",", "(", ")", "not", "and", "or", "bytes", ">", "1m",
            "!=", "\"", "a b",
            "tap[0-9", "fd00::/8", "80-70", "18446744073709551616", "1.5", "src", "mac", "vlan", "flags", "é", "\u{0}",
            "-", ".", "1..2",
        ]
        for _ in 0..<2000 {
            let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in words.randomElement(using: &random)! }
                .joined(separator: " ")
            do {
                _ = FilteredLines.chosen(by: try FlowFilter(text))
            } catch {
                #expect((1...text.count + 1).contains(error.column), "\(text)")
            }
        }
    }
}
