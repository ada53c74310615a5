// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Host
import HostMonitor
import PortDirectory

/// What one line of a provider says.
enum ProviderLine: Equatable {
    /// That is what it knows of the interface of that name, instead of what it said before.
    case facts(String, PortFacts)
    /// It knows nothing more of the interface of that name.
    case gone(String)
    /// It has told all that it knows.
    case complete
    /// That is what a machine does.
    case machine(MachineSample)
    /// It has told what all machines do.
    case machinesComplete
    /// It cannot tell what machines do: why.
    case machinesFailure(String)

    /// Why a line is refused, in a sentence.
    struct Refusal: Error, Equatable, CustomStringConvertible {
        let description: String
    }

    private static let mostTags = 64
    private static let mostAddresses = 256

    /// - Parameters:
    ///   - json: one object; what it has besides the keys of docs/providers.md is passed over.
    ///   - now: when it was read.
    init(_ json: String, read now: MonotonicTime = ClockAnchor.now.monotonic) throws(Refusal) {
        let words = try Self.decode(json)
        if let machine = words.machine {
            self = .machine(try Self.sample(of: machine, words, now))
            return
        }
        if words.machinesComplete == true {
            self = .machinesComplete
            return
        }
        if let reason = words.machinesFailure {
            self = .machinesFailure(PrintableText.of(String(reason.prefix(300))))
            return
        }
        if words.complete == true {
            self = .complete
            return
        }
        guard let interface = words.interface else { throw Refusal(description: "it has no interface") }
        let name = try Self.interfaceName(interface)
        self = words.gone == true ? .gone(name) : .facts(name, try Self.facts(words))
    }

    private static func facts(_ words: Words) throws(Refusal) -> PortFacts {
        var facts = PortFacts(measuring: words.measure.map { $0 ? .whileListed : .never })
        facts.identity.accountID = try identifier(words.accountID, .accountID)
        facts.identity.interfaceID = try identifier(words.interfaceID, .interfaceID)
        facts.identity.vpcID = try identifier(words.vpcID, .vpcID)
        facts.identity.subnetID = try identifier(words.subnetID, .subnetID)
        facts.identity.instanceID = try identifier(words.instanceID, .instanceID)
        facts.identity.instanceName = try name(words.instanceName, .instanceName)
        facts.identity.projectID = try identifier(words.projectID, .projectID)
        facts.identity.projectName = try name(words.projectName, .projectName)
        facts.identity.region = try identifier(words.region, .region)
        facts.identity.availabilityZoneID = try identifier(words.availabilityZoneID, .availabilityZoneID)
        if let text = words.mac {
            guard let address = MACAddress(text) else {
                throw Refusal(description: "mac is not six bytes such as 52:54:00:12:34:56")
            }
            facts.address = address
        }
        facts.tags = try tags(words.tags ?? [])
        facts.addresses = try addresses(words.addresses ?? [])
        return facts
    }

    private static func sample(
        of machine: String, _ words: Words, _ now: MonotonicTime
    ) throws(Refusal) -> MachineSample {
        guard let id = try identifier(machine, .machine) else { throw Refusal(description: "machine is empty") }
        var report = MachineReport()
        report.instanceID = id
        report.instanceName = try name(words.instanceName, .instanceName)
        report.domain = try name(words.domain, .domain) ?? report.instanceName ?? id
        report.projectID = try identifier(words.projectID, .projectID)
        report.projectName = try name(words.projectName, .projectName)
        report.userID = try identifier(words.userID, .userID)
        report.userName = try name(words.userName, .userName)
        report.flavor = try name(words.flavor, .flavor)
        let time = words.clock.map { clock in
            MonotonicTime(nanoseconds: clock.multipliedReportingOverflow(by: 1_000_000).partialValue)
        }
        return MachineSample(
            of: report, MachineFigures(numbers: words.stats ?? [:], texts: words.names ?? [:]), life: words.life,
            isAnswered: words.answered ?? true, read: min(time ?? now, now))
    }

    private static func interfaceName(_ text: String) throws(Refusal) -> String {
        let name = InterfaceName.canonical(text)
        let bytes = InterfaceName.bytes(of: name)
        // dev_valid_name in net/core/dev.c.
        let isName =
            (1...15).contains(bytes.count) && ![".", ".."].contains(name)
            && !bytes.contains {
                $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: ":") || $0 == 0x20 || (9...13).contains($0) || $0 == 0
            }
        guard isName else {
            throw Refusal(description: "interface is not the name of one: \(PrintableText.of(String(text.prefix(40))))")
        }
        return name
    }

    /// An empty text says as little as none.
    private static func identifier(_ text: String?, _ key: Words.CodingKeys) throws(Refusal) -> String? {
        guard let text, !text.isEmpty else { return nil }
        guard PortIdentity.isIdentifier(text) else {
            throw Refusal(
                description:
                    "\(key.rawValue) has other characters than letters, digits and . _ : -, or more than 128 of them")
        }
        return text
    }

    private static func name(_ text: String?, _ key: Words.CodingKeys) throws(Refusal) -> String? {
        guard let text, !text.isEmpty else { return nil }
        guard PortIdentity.isName(text) else {
            throw Refusal(description: "\(key.rawValue) has control characters, or more than 128 bytes")
        }
        return text
    }

    private static func tags(_ texts: [String]) throws(Refusal) -> [String] {
        guard texts.count <= mostTags else { throw Refusal(description: "it has more than \(mostTags) tags") }
        return try texts.map { text throws(Refusal) in
            guard let tag = try identifier(text, .tags) else { throw Refusal(description: "a tag is empty") }
            return tag
        }
    }

    private static func addresses(_ texts: [String]) throws(Refusal) -> [IPAddress] {
        guard texts.count <= mostAddresses else {
            throw Refusal(description: "it has more than \(mostAddresses) addresses")
        }
        return try texts.map { text throws(Refusal) in
            // Some managers write the length of the subnet behind it.
            guard let address = IPAddress(text.prefix { $0 != "/" }) else {
                throw Refusal(
                    description:
                        "addresses has one that is not an IP address: \(PrintableText.of(String(text.prefix(60))))")
            }
            return address
        }
    }

    private static func decode(_ json: String) throws(Refusal) -> Words {
        do {
            return try JSONDecoder().decode(Words.self, from: Data(json.utf8))
        } catch DecodingError.typeMismatch(_, let context) {
            throw refusal(context)
        } catch DecodingError.valueNotFound(_, let context) {
            throw refusal(context)
        } catch {
            throw Refusal(description: "it is not a JSON object")
        }
    }

    private static func refusal(_ context: DecodingError.Context) -> Refusal {
        guard let key = context.codingPath.first as? Words.CodingKeys else {
            return Refusal(description: "it is not a JSON object")
        }
        return Refusal(description: "\(key.rawValue) must be \(key.kind)")
    }
}

/// A line's keys.
private struct Words: Decodable {
    var interface: String?
    var gone: Bool?
    var complete: Bool?
    var measure: Bool?
    var accountID: String?
    var interfaceID: String?
    var vpcID: String?
    var subnetID: String?
    var instanceID: String?
    var instanceName: String?
    var projectID: String?
    var projectName: String?
    var region: String?
    var availabilityZoneID: String?
    var mac: String?
    var tags: [String]?
    var addresses: [String]?
    var machine: String?
    var domain: String?
    var userID: String?
    var userName: String?
    var flavor: String?
    var life: Int64?
    var answered: Bool?
    var clock: UInt64?
    var stats: [String: UInt64]?
    var names: [String: String]?
    var machinesComplete: Bool?
    var machinesFailure: String?

    enum CodingKeys: String, CodingKey {
        case interface, gone, complete, measure, region, mac, tags, addresses
        case accountID = "account_id"
        case interfaceID = "interface_id"
        case vpcID = "vpc_id"
        case subnetID = "subnet_id"
        case instanceID = "instance_id"
        case instanceName = "instance_name"
        case projectID = "project_id"
        case projectName = "project_name"
        case availabilityZoneID = "az_id"
        case machine, domain, flavor, life, answered, stats, names
        case userID = "user_id"
        case userName = "user_name"
        case clock = "clock_ms"
        case machinesComplete = "machines_complete"
        case machinesFailure = "machines_failure"

        var kind: String {
            switch self {
            case .gone, .complete, .measure, .answered, .machinesComplete: "true or false"
            case .life, .clock: "a whole number"
            case .stats: "an object of whole numbers that are not negative"
            case .names: "an object of texts"
            case .tags, .addresses: "a list of texts"
            default: "a text"
            }
        }
    }
}
