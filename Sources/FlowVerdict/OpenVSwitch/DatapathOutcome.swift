// SPDX-License-Identifier: Apache-2.0

/// What the actions of a megaflow do with a packet, as far as it matters whether it gets through.
package struct DatapathOutcome: Equatable, Sendable {
    /// To be looked at again under that id, after what was done to the packet.
    package struct Continuation: Equatable, Sendable {
        package let recirculation: UInt32
        package let rewrite: PacketRewrite
    }

    /// It goes out of another port.
    package var isDelivered = false
    /// Some of the packets may: samples, packets of some lengths.
    package var mayBeDelivered = false
    /// Somebody else decides: the slow path, a controller, an action that is not understood.
    package var isElsewhere = false
    package var continuations: [Continuation] = []

    /// Whether nothing at all becomes of it.
    package var isDropped: Bool { self == DatapathOutcome() }

    package init() {}
}

extension DatapathOutcome {
    /// Reads what stands behind `actions:`.
    ///
    /// - Parameter inPort: what goes out there is delivered to no other port.
    package init(_ text: Substring, inPort: String) {
        var reader = DatapathActionReader(inPort: inPort)
        reader.read(FlowText(text), depth: 0)
        self = reader.outcome
    }
}

/// Goes through actions in their order.
private struct DatapathActionReader {
    let inPort: String
    var outcome = DatapathOutcome()
    private var rewrite = PacketRewrite.nothing
    private static let deepest = 8

    init(inPort: String, rewrite: PacketRewrite = .nothing) {
        self.inPort = inPort
        self.rewrite = rewrite
    }

    mutating func read(_ text: FlowText, depth: Int) {
        guard depth <= Self.deepest else {
            outcome.isElsewhere = true
            return
        }
        for field in text.fields() { take(field, depth) }
    }

    private mutating func take(_ field: FlowText.Field, _ depth: Int) {
        guard !field.isBroken, field.value == nil else {
            outcome.isElsewhere = true
            return
        }
        guard let arguments = field.arguments else { return take(word: field.name) }
        switch field.name {
        case "recirc": takeRecirculation(arguments)
        case "ct": if arguments.fields().contains(where: { $0.name == "nat" }) { rewrite.blur(.addressesAndPorts) }
        case "set": takeSet(arguments)
        case "push_vlan": rewrite.blur(.bothVLANs)
        case "push_mpls", "pop_mpls", "push_nsh", "push_eth", "add_mpls": rewrite.blurAll()
        case "clone": join(branch(arguments, depth))
        case "sample": takeSample(arguments, depth)
        case "check_pkt_len": takeLengths(arguments, depth)
        case "userspace": takeUserspace(arguments)
        case "lb_output": outcome.isDelivered = true
        case "meter", "trunc", "hash", "drop", "dec_ttl", "tnl_push", "ct_clear", "psample": break
        default: outcome.isElsewhere = true
        }
    }

    private mutating func take(word: String) {
        switch word {
        case "drop", "ct", "ct_clear": break
        case "pop_vlan": rewrite.blur(.bothVLANs)
        case "pop_eth", "pop_nsh": rewrite.blurAll()
        case "userspace": outcome.isElsewhere = true
        // Out of the port that it came from: to no other port, but not dropped.
        case inPort: outcome.isElsewhere = true
        default: outcome.isDelivered = true
        }
    }

    private mutating func takeRecirculation(_ text: FlowText) {
        guard let id = text.string.flowNumber(as: UInt32.self) else {
            outcome.isElsewhere = true
            return
        }
        outcome.continuations.append(DatapathOutcome.Continuation(recirculation: id, rewrite: rewrite))
    }

    private mutating func takeSet(_ text: FlowText) {
        var reader = MegaflowMatchReader()
        for field in text.fields() where !["tunnel", "skb_mark", "skb_priority"].contains(field.name) {
            reader.read(FlowText("\(field.name)(\(field.arguments?.string ?? ""))"), depth: 1)
        }
        rewrite.set(reader.match)
        if reader.match.isOpaque { rewrite.blurAll() }
    }

    private func branch(_ text: FlowText, _ depth: Int) -> DatapathOutcome {
        var reader = DatapathActionReader(inPort: inPort, rewrite: rewrite)
        reader.read(text, depth: depth + 1)
        return reader.outcome
    }

    private mutating func join(_ other: DatapathOutcome) {
        outcome.isDelivered = outcome.isDelivered || other.isDelivered
        outcome.mayBeDelivered = outcome.mayBeDelivered || other.mayBeDelivered
        outcome.isElsewhere = outcome.isElsewhere || other.isElsewhere
        outcome.continuations += other.continuations
    }

    /// A copy of some packets: it decides nothing of the others.
    private mutating func takeSample(_ text: FlowText, _ depth: Int) {
        for field in text.fields() where field.name == "actions" {
            let sampled = branch(field.arguments ?? FlowText(""), depth)
            if sampled.isDelivered || sampled.mayBeDelivered || !sampled.continuations.isEmpty {
                outcome.mayBeDelivered = true
            }
        }
    }

    private mutating func takeLengths(_ text: FlowText, _ depth: Int) {
        let branches = text.fields().filter { $0.name == "gt" || $0.name == "le" }
            .map { branch($0.arguments ?? FlowText(""), depth) }
        guard branches.count == 2 else {
            outcome.isElsewhere = true
            return
        }
        if branches[0] == branches[1] { return join(branches[0]) }
        outcome.isDelivered = outcome.isDelivered || branches.allSatisfy(\.isDelivered)
        outcome.mayBeDelivered = true
        outcome.isElsewhere = outcome.isElsewhere || branches.contains(where: \.isElsewhere)
    }

    /// What is only sampled (sFlow, IPFIX) goes on besides.
    private mutating func takeUserspace(_ text: FlowText) {
        let copies = ["sFlow", "flow_sample", "ipfix"]
        guard !text.fields().contains(where: { copies.contains($0.name) }) else { return }
        outcome.isElsewhere = true
    }
}
