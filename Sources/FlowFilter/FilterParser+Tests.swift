// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension FilterParser {
    /// Words that are a whole test.
    private static let flags: [String: FilterCondition] = [
        "accept": .test(.text(.action, TextSet(literal: ["ACCEPT"]))),
        "reject": .test(.text(.action, TextSet(literal: ["REJECT"]))),
        "mixed": .test(.isMixed),
        "nodata": .test(.text(.logStatus, TextSet(literal: ["NODATA"]))),
        "skipdata": .test(.text(.logStatus, TextSet(literal: ["SKIPDATA"]))),
        "ingress": .test(.text(.direction, TextSet(literal: ["ingress"]))),
        "egress": .test(.text(.direction, TextSet(literal: ["egress"]))),
        "ip": .test(.text(.type, TextSet(literal: ["IPv4"]))), "ipv4": .test(.text(.type, TextSet(literal: ["IPv4"]))),
        "ip6": .test(.text(.type, TextSet(literal: ["IPv6"]))), "ipv6": .test(.text(.type, TextSet(literal: ["IPv6"]))),
    ]
    private static let keywords = [
        "and", "or", "not", "src", "dst", "host", "net", "port", "portrange", "proto", "interface", "vm", "project",
        "name", "rule", "reason", "vlan", "flags", "mac", "tcp", "udp", "icmp", "icmp6", "sctp", "srcaddr", "dstaddr",
        "pkt-srcaddr", "pkt-dstaddr",
    ]
    /// All words that can begin a test, for messages.
    private static let vocabulary =
        keywords + flags.keys.sorted() + NumberField.allCases.map(\.rawValue) + TextField.allCases.map(\.rawValue)

    mutating func test() throws(FilterError) -> FilterCondition {
        let token = take()
        guard token.kind == .word else {
            throw FilterError(
                column: token.column, "a condition is missing before \(token.spelling), such as host 10.0.0.1")
        }
        let word = token.text.lowercased().replacing("_", with: "-")
        if let flag = Self.flags[word] { return flag }
        switch word {
        case "src": return try ended(.source)
        case "dst": return try ended(.destination)
        case "host", "net": return try addresses(.either)
        case "port", "portrange": return try ports(.either)
        case "mac": return try mac(.either)
        case "proto": return .test(.number(.transport, try numbers(of: .transport)))
        case "interface": return .test(.interface(try texts(of: "an interface, by its name or identifier")))
        case "vm": return try either(.instanceName, .instanceID, of: "a machine, by its name or instance-id")
        case "project": return try either(.projectName, .projectID, of: "a project, by its name or project-id")
        case "name": return try name(.either)
        case "reason": return .test(.text(.rejectReason, try texts(of: "a reason")))
        case "vlan": return try vlan()
        case "flags": return .test(.tcpFlags(try tcpFlags()))
        case "srcaddr": return try comparedAddresses { .interfaceAddress(.source, $0) }
        case "dstaddr": return try comparedAddresses { .interfaceAddress(.destination, $0) }
        case "pkt-srcaddr": return try comparedAddresses { .address(.source, $0) }
        case "pkt-dstaddr": return try comparedAddresses { .address(.destination, $0) }
        default: return try field(word, token)
        }
    }

    /// A field, a transport, or a value alone.
    private mutating func field(_ word: String, _ token: FilterToken) throws(FilterError) -> FilterCondition {
        if let field = NumberField(rawValue: word) { return try compared(field) }
        if let field = TextField(rawValue: word) { return try compared(field) }
        if word == "icmp6" { return .test(.number(.transport, NumberSet(TransportNumber.icmpv6))) }
        if word.first?.isNumber != true, let transport = TransportNumber.number(of: word) {
            return .test(.number(.transport, NumberSet(transport)))
        }
        if let prefix = AddressPrefix(token.text) {
            let side = before.map { $0.isPort ? .either : $0.side } ?? .either
            return .test(.address(side, [prefix]))
        }
        if let before, before.isPort, let range = try? ports(token) {
            return .test(.port(before.side, NumberSet([range])))
        }
        throw unknown(token, word)
    }

    private func unknown(_ token: FilterToken, _ word: String) -> FilterError {
        if ["start", "end"].contains(word) {
            return FilterError(column: token.column, "a filter does not choose by time; see --since and --until")
        }
        if UInt64(word) != nil {
            return FilterError(
                column: token.column, "\(word) alone is not a condition; write port \(word), for example")
        }
        let nearest = nearestWord(to: word, among: Self.vocabulary).map { "; did you mean \($0)?" } ?? ""
        return FilterError(column: token.column, "\(token.spelling) is not a word of filters\(nearest)")
    }

    /// What follows `src` or `dst`.
    private mutating func ended(_ side: FilterSide) throws(FilterError) -> FilterCondition {
        if takes("port", "portrange") { return try ports(side) }
        if takes("mac") { return try mac(side) }
        if takes("name") { return try name(side) }
        _ = takes("host", "net")
        return try addresses(side)
    }

    private mutating func addresses(_ side: FilterSide) throws(FilterError) -> FilterCondition {
        before = (side, false)
        return .test(.address(side, try values { token throws(FilterError) in try Self.prefix(token) }))
    }

    private mutating func ports(_ side: FilterSide) throws(FilterError) -> FilterCondition {
        before = (side, true)
        let service = service
        return .test(.port(side, NumberSet(try values { token throws(FilterError) in try Self.ports(token, service) })))
    }

    private func ports(_ token: FilterToken) throws(FilterError) -> ClosedRange<UInt64> {
        try Self.ports(token, service)
    }

    private mutating func mac(_ side: FilterSide) throws(FilterError) -> FilterCondition {
        let addresses = try values { token throws(FilterError) in
            guard let address = MACAddress(token.text) else {
                throw FilterError(
                    column: token.column, "\(token.spelling) is not a MAC address, such as 52:54:00:12:34:56")
            }
            return address.description
        }
        let set = TextSet(literal: addresses)
        let (source, destination) = (
            FilterCondition.test(.text(.sourceMAC, set)), FilterCondition.test(.text(.destinationMAC, set))
        )
        switch side {
        case .source: return source
        case .destination: return destination
        case .either: return .any([source, destination])
        }
    }

    /// Of the machine or the network at an end.
    private mutating func name(_ side: FilterSide) throws(FilterError) -> FilterCondition {
        let texts = try texts(of: "a name of a machine or network")
        let (source, destination) = (
            FilterCondition.test(.text(.sourceName, texts)), FilterCondition.test(.text(.destinationName, texts))
        )
        switch side {
        case .source: return source
        case .destination: return destination
        case .either: return .any([source, destination])
        }
    }

    private mutating func either(
        _ name: TextField, _ identifier: TextField, of what: String
    ) throws(FilterError) -> FilterCondition {
        let texts = try texts(of: what)
        return .any([.test(.text(name, texts)), .test(.text(identifier, texts))])
    }

    private mutating func vlan() throws(FilterError) -> FilterCondition {
        guard next.kind == .word, next.text.first?.isNumber == true || next.text.lowercased() == "in" else {
            return .test(.isTagged)
        }
        return .test(.number(.vlanID, try numbers(of: .vlanID)))
    }

    private static let flagNames = ["fin", "syn", "rst", "psh", "ack", "urg", "ece", "cwr"]

    /// One name, or several with commas between them.
    private mutating func tcpFlags() throws(FilterError) -> UInt8 {
        var flags: UInt8 = 0
        repeat {
            let token = take()
            guard let bit = Self.flagNames.firstIndex(of: token.text.lowercased()) else {
                throw FilterError(
                    column: token.column,
                    "\(token.spelling) is not a TCP flag: they are \(Self.flagNames.joined(separator: ", "))")
            }
            flags |= 1 << UInt8(bit)
        } while takes(",")
        return flags
    }
}
