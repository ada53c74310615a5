// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What `ofproto/trace` answers: what would become of a packet, and by which rule.
package struct PipelineTrace: Equatable, Sendable {
    package private(set) var action = Verdict.Action.unknown
    /// `bridge=br0,table=0,priority=100,cookie=0x1`; nil where no rule is named.
    package private(set) var rule: RuleName?
    /// Whether conntrack's word decides, of which the switch knows nothing when it is asked.
    package private(set) var asksConntrack = false

    /// - Parameter lines: all of the answer.
    package init(_ lines: some Sequence<String>) {
        var reader = PipelineTraceReader()
        for line in lines { reader.take(line) }
        asksConntrack = reader.asksConntrack
        guard let outcome = reader.outcome, !reader.isElsewhere else { return }
        if outcome.isDelivered {
            action = .accept
            rule = (reader.delivering ?? reader.last).map { RuleName($0) }
        } else if !outcome.mayBeDelivered, !outcome.isElsewhere {
            action = .reject
            rule = reader.last.map { RuleName($0) }
        }
    }
}

/// Goes through the lines in their order. Rules stand indented as deep as they were called from; their actions, under them, deeper.
private struct PipelineTraceReader {
    private var bridge = ""
    private var rules: [(indent: Int, text: String)] = []
    /// The rule that was met last, and the last of those that sent the packet out.
    private(set) var last: String?
    private(set) var delivering: String?
    /// Of all parts: a packet that is looked at again has one for each look.
    private(set) var outcome: DatapathOutcome?
    private(set) var isElsewhere = false
    private(set) var asksConntrack = false

    mutating func take(_ line: String) {
        let text = line.drop { $0 == " " }
        let indent = line.count - text.count
        if text.hasPrefix("bridge(\"") {
            bridge = String(text.dropFirst(8).prefix { $0 != "\"" })
            rules = []
        } else if text.hasPrefix("Datapath actions: ") {
            join(DatapathOutcome(text.dropFirst(18), inPort: ""))
        } else if text.hasPrefix("recirc(") {
            asksConntrack = asksConntrack || text.contains("resume conntrack")
        } else if text.hasPrefix("This flow is handled by the userspace slow path") {
            isElsewhere = true
        } else if let rule = Self.rule(text, on: bridge) {
            rules.removeAll { $0.indent >= indent }
            rules.append((indent, rule))
            last = rule
        } else if Self.delivers(text) {
            rules.removeAll { $0.indent >= indent }
            delivering = rules.last?.text ?? delivering
        }
    }

    private mutating func join(_ part: DatapathOutcome) {
        guard var all = outcome else {
            outcome = part
            return
        }
        all.isDelivered = all.isDelivered || part.isDelivered
        all.mayBeDelivered = all.mayBeDelivered || part.mayBeDelivered
        all.isElsewhere = all.isElsewhere || part.isElsewhere
        outcome = all
    }

    private static func delivers(_ text: Substring) -> Bool {
        ["NORMAL", "output", "FLOOD", "ALL", "LOCAL", "IN_PORT", "group:", "bundle", "enqueue"]
            .contains { text.hasPrefix($0) }
    }

    /// ` 0. tcp,tp_dst=23, priority 100, cookie 0x2`, or ` 6. No match.`
    private static func rule(_ text: Substring, on bridge: String) -> String? {
        let number = text.prefix { $0.isASCII && $0.isNumber }
        guard !number.isEmpty, text.dropFirst(number.count).hasPrefix(". ") else { return nil }
        let rest = text.dropFirst(number.count + 2)
        if rest.hasPrefix("No match") { return "bridge=\(bridge),table=\(number),miss" }
        let words = rest.split(separator: ",").map { $0.drop { $0 == " " } }
        guard let priority = words.last(where: { $0.hasPrefix("priority ") }) else { return nil }
        let cookie = words.last { $0.hasPrefix("cookie ") }?.dropFirst(7) ?? "0x0"
        return "bridge=\(bridge),table=\(number),priority=\(priority.dropFirst(9)),cookie=\(cookie)"
    }
}
