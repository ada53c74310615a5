// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Which packets a megaflow is for, read from the text of `dpctl/dump-flows`, of either datapath, with `-m` or without.
package struct MegaflowMatch: Equatable, Sendable {
    /// But for the number of the port, which `MegaflowHistory` gives it.
    var key = MegaflowKey()
    var mask = MegaflowKey()
    var states = ConntrackStates()
    /// The name, or without names the number, of the port that the packets came in at.
    package internal(set) var inPort = ""
    package internal(set) var recirculation: UInt32 = 0
    /// Whether IP packets can match it.
    package internal(set) var isIP = true
    /// Whether it compares something that is not understood here: it may match packets, and may not.
    package internal(set) var isOpaque = false
    /// Whether it says of which Ethernet addresses it is.
    package internal(set) var hasEthernet = false

    package init(_ text: Substring) {
        var reader = MegaflowMatchReader()
        reader.read(FlowText(text), depth: 0)
        self = reader.match
    }

    init() {}
}

/// Reads the fields of a match, or those that an action `set` names.
struct MegaflowMatchReader {
    var match = MegaflowMatch()
    /// Ids of VLANs that it compares, outer and inner, with masks.
    private var tags: [(value: UInt16, mask: UInt16)] = []
    /// Whether the type behind the last tag was said.
    private var isTypeKnown = false

    private static let deepest = 4

    init() {}

    mutating func read(_ text: FlowText, depth: Int) {
        guard depth <= Self.deepest else {
            match.isOpaque = true
            return
        }
        for field in text.fields() { take(field, depth) }
        if depth == 0 { finish() }
    }

    /// Packets without tags have neither id where the type behind the Ethernet header is compared.
    private mutating func finish() {
        guard isTypeKnown else { return }
        let outer = tags.first ?? (0, .max)
        let inner = tags.count > 1 ? tags[1] : (0, .max)
        match.key.setVLANs(outer.value & 0xFFF, inner.value & 0xFFF)
        match.mask.setVLANs(outer.mask & 0xFFF, inner.mask & 0xFFF)
    }

    private mutating func take(_ field: FlowText.Field, _ depth: Int) {
        guard !field.isBroken else {
            match.isOpaque = true
            return
        }
        let arguments = field.arguments ?? FlowText("")
        switch field.name {
        case "recirc_id": number(arguments) { $0.recirculation = $1 }
        case "in_port": match.inPort = Self.unquoted(arguments.string)
        case "eth": takeEthernet(arguments)
        case "eth_type": takeType(arguments)
        case "vlan": takeTag(arguments)
        case "encap": read(arguments, depth: depth + 1)
        case "ipv4", "ipv6": takeInternet(arguments)
        case "tcp", "udp", "sctp": takePorts(arguments, "src", "dst")
        case "icmp", "icmpv6": takePorts(arguments, "type", "code")
        case "ct_state": takeStates(arguments)
        case "packet_type": takePacketType(arguments)
        case "arp", "mpls", "nsh": match.isIP = false
        // Understood, but of these a record says nothing: what compares them can match its packets.
        case "tcp_flags", "ct_zone", "ct_mark", "ct_label", "ct_tuple4", "ct_tuple6", "dp_hash", "skb_priority",
            "skb_mark", "nd":
            break
        default: if !field.name.hasPrefix("ufid:") { match.isOpaque = true }
        }
    }

    private mutating func number(_ text: FlowText, _ body: (inout MegaflowMatch, UInt32) -> Void) {
        guard let (value, mask) = text.string.maskedNumber(as: UInt32.self), mask == .max else {
            match.isOpaque = true
            return
        }
        body(&match, value)
    }

    /// Namespace 0, type 0: Ethernet, which all packets of a port of a guest are.
    private mutating func takePacketType(_ text: FlowText) {
        for field in text.fields() {
            guard let (value, mask) = field.value?.maskedNumber(as: UInt32.self), value & mask == 0 else {
                match.isOpaque = true
                return
            }
        }
    }

    private static func unquoted(_ text: Substring) -> String {
        text.hasPrefix("\"") && text.hasSuffix("\"") && text.count > 1
            ? String(text.dropFirst().dropLast()) : String(text)
    }
}

// MARK: Ethernet

extension MegaflowMatchReader {
    private mutating func takeEthernet(_ text: FlowText) {
        match.hasEthernet = true
        for field in text.fields() {
            guard let (value, mask) = field.value.flatMap(Self.address) else {
                match.isOpaque = true
                continue
            }
            switch field.name {
            case "src":
                match.key.setSource(value)
                match.mask.setSource(mask)
            case "dst":
                match.key.setDestination(value)
                match.mask.setDestination(mask)
            default: match.isOpaque = true
            }
        }
    }

    private static func address(_ text: Substring) -> (MACAddress, MACAddress)? {
        let parts = text.split(separator: "/", maxSplits: 1)
        guard let value = parts.first.flatMap({ MACAddress(String($0)) }) else { return nil }
        guard parts.count == 2 else { return (value, MACAddress(0xFFFF_FFFF_FFFF)) }
        return MACAddress(String(parts[1])).map { (value, $0) }
    }

    private mutating func takeType(_ text: FlowText) {
        guard let (value, mask) = text.string.maskedNumber(as: UInt16.self), mask == .max || mask == 0 else {
            match.isOpaque = true
            return
        }
        guard mask != 0 else { return }
        isTypeKnown = true
        switch value {
        case 0x0800: takeVersion(.v4)
        case 0x86DD: takeVersion(.v6)
        case 0x8100, 0x88A8, 0x9100:
            // The tag follows, or, deeper than the switch looks, is not compared.
            isTypeKnown = false
        default: match.isIP = false
        }
    }

    private mutating func takeVersion(_ version: IPVersion) {
        match.key.setVersion(version.rawValue)
        match.mask.setVersion(.max)
    }

    private mutating func takeTag(_ text: FlowText) {
        var tag: (value: UInt16, mask: UInt16) = (0, 0)
        for field in text.fields() {
            switch field.name {
            case "vid":
                guard let id = field.value?.maskedNumber(as: UInt16.self) else {
                    match.isOpaque = true
                    return
                }
                tag = id
            case "pcp", "cfi": break
            default: match.isOpaque = true
            }
        }
        tags.append(tag)
        // What is known of the tags so far holds, whatever is behind them.
        isTypeKnown = false
        let place = tags.count
        if place == 1 {
            match.key.sourceLink |= UInt64(tag.value & 0xFFF)
            match.mask.sourceLink |= UInt64(tag.mask & 0xFFF)
        } else if place == 2 {
            match.key.destinationLink |= UInt64(tag.value & 0xFFF)
            match.mask.destinationLink |= UInt64(tag.mask & 0xFFF)
        }
    }
}

// MARK: IP

extension MegaflowMatchReader {
    private mutating func takeInternet(_ text: FlowText) {
        for field in text.fields() {
            let value = field.value ?? ""
            switch field.name {
            case "src":
                guard let (address, mask) = Self.internetAddress(value) else {
                    match.isOpaque = true
                    return
                }
                match.key.setSource(address)
                match.mask.setSource(mask)
            case "dst":
                guard let (address, mask) = Self.internetAddress(value) else {
                    match.isOpaque = true
                    return
                }
                match.key.setDestination(address)
                match.mask.setDestination(mask)
            case "proto":
                guard let (number, mask) = value.maskedNumber(as: UInt8.self) else {
                    match.isOpaque = true
                    return
                }
                match.key.setProtocol(number)
                match.mask.setProtocol(mask)
            case "frag": takeFragment(value)
            // Of these a record says nothing, or only what the first packet had.
            case "tos", "tclass", "ttl", "hlimit", "label": break
            default: match.isOpaque = true
            }
        }
    }

    private static func internetAddress(_ text: Substring) -> (IPAddress, IPAddress)? {
        let parts = text.split(separator: "/", maxSplits: 1)
        guard let address = parts.first.flatMap({ IPAddress($0) }) else { return nil }
        let isV4 = address.version == .v4
        guard parts.count == 2 else {
            return (address, isV4 ? IPAddress(v4: .max) : IPAddress(v6High: .max, low: .max))
        }
        if let mask = IPAddress(parts[1]) { return mask.version == address.version ? (address, mask) : nil }
        return UInt8(parts[1]).flatMap { prefix(of: $0, isV4: isV4) }.map { (address, $0) }
    }

    /// A mask of as many bits.
    private static func prefix(of length: UInt8, isV4: Bool) -> IPAddress? {
        guard length <= (isV4 ? 32 : 128) else { return nil }
        if isV4 { return IPAddress(v4: ~UInt32(truncatingIfNeeded: UInt64(UInt32.max) >> UInt64(length))) }
        let high = length >= 64 ? UInt64.max : ~(UInt64.max >> UInt64(length))
        let low = length <= 64 ? 0 : ~(UInt64.max >> UInt64(length - 64))
        return IPAddress(v6High: high, low: length == 128 ? .max : low)
    }

    /// A flow's record holds its later fragments, too: only those of a flow that is not known stand by themselves.
    private mutating func takeFragment(_ text: Substring) {
        switch text {
        case "no", "first": match.mask.setFragmentWithoutFlow(.max)
        case "later", "yes": break
        default: match.isOpaque = true
        }
    }

    private mutating func takePorts(_ text: FlowText, _ source: String, _ destination: String) {
        for field in text.fields() {
            guard let (value, mask) = field.value?.maskedNumber(as: UInt16.self),
                [source, destination].contains(field.name)
            else {
                match.isOpaque = true
                return
            }
            if field.name == source {
                match.key.setSource(port: value)
                match.mask.setSource(port: mask)
            } else {
                match.key.setDestination(port: value)
                match.mask.setDestination(port: mask)
            }
        }
    }

    /// `+new-est+trk`, or with `-m` a number and a mask.
    private mutating func takeStates(_ text: FlowText) {
        let string = text.string
        if let (value, mask) = string.maskedNumber(as: UInt16.self) {
            match.states = ConntrackStates(value: value & mask, mask: mask)
            return
        }
        var rest = string
        while let sign = rest.first {
            let word = rest.dropFirst().prefix { $0 != "+" && $0 != "-" }
            guard sign == "+" || sign == "-", let bit = ConntrackStates.bits[String(word)] else {
                match.isOpaque = true
                return
            }
            match.states.mask |= bit
            if sign == "+" { match.states.value |= bit }
            rest = rest.dropFirst(1 + word.count)
        }
    }
}
