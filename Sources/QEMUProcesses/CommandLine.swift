// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation

/// What QEMU's command line says of its machine. Pure.
///
/// The user who started the machine wrote it: what cannot stand in a record is left out.
struct CommandLine: Equatable {
    /// A card of the machine that has a tap.
    struct Card: Equatable {
        /// How the tap is named.
        enum Tap: Hashable {
            case name(String)
            /// As a descriptor that the process was given.
            case descriptor(Int32)
        }

        var tap: Tap
        var address: MACAddress?
    }

    /// Cards of one machine.
    static let mostCards = 64

    var name: String?
    var uuid: String?
    /// Proxmox's number of the machine.
    var vmid: String?
    var cards: [Card] = []

    /// - Parameter bytes: as /proc/PID/cmdline has them: each argument ends with a zero byte. What is behind the last one is cut off.
    init(_ bytes: [UInt8]) {
        let end = bytes.lastIndex(of: 0) ?? 0
        let arguments = bytes[..<end].split(separator: 0, omittingEmptySubsequences: false)
        var links = Links()
        var index = arguments.startIndex + 1
        while index + 1 < arguments.endIndex {
            let isOption = take(arguments[index], arguments[index + 1], &links)
            index += isOption ? 2 : 1
        }
        cards = links.cards
    }

    /// The machine's identifier in records: Proxmox's number, which its commands take, else the UUID.
    var instanceID: String? { vmid ?? uuid }

    /// Whether that is one of the options that say something.
    private mutating func take(
        _ option: ArraySlice<UInt8>, _ value: ArraySlice<UInt8>, _ links: inout Links
    ) -> Bool {
        guard option.count <= 10, option.first == UInt8(ascii: "-") else { return false }
        let word = String(decoding: option.drop { $0 == UInt8(ascii: "-") }, as: UTF8.self)
        switch word {
        case "name": name = OptionText(value, implied: "guest").text("guest").flatMap(Self.name) ?? name
        case "uuid": uuid = Self.uuid(String(decoding: value, as: UTF8.self)) ?? uuid
        case "smbios":
            let options = OptionText(value)
            if options.text("type") == "1" { uuid = options.text("uuid").flatMap(Self.uuid) ?? uuid }
        case "id": vmid = Self.vmid(value) ?? vmid
        case "netdev": links.take(netdev: OptionText(value, implied: "type"))
        case "device": links.take(device: OptionText(value, implied: "driver"))
        case "nic": links.take(nic: OptionText(value, implied: "type"))
        case "net": links.take(net: OptionText(value, implied: "type"))
        default: return false
        }
        return true
    }

    private static func name(_ text: String) -> String? { PortIdentity.isName(text) ? text : nil }

    /// QEMU's way to say none is a UUID of zeros.
    private static func uuid(_ text: String) -> String? {
        guard text.utf8.count == 36, let uuid = UUID(uuidString: text) else { return nil }
        let canonical = uuid.uuidString.lowercased()
        return canonical.contains { $0 != "0" && $0 != "-" } ? canonical : nil
    }

    private static func vmid(_ text: ArraySlice<UInt8>) -> String? {
        guard (1...9).contains(text.count), text.first != UInt8(ascii: "0"),
            text.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else { return nil }
        return String(decoding: text, as: UTF8.self)
    }
}

/// Which tap goes with which card.
private struct Links {
    /// By QEMU's names of network backends.
    private var taps: [(id: [UInt8]?, tap: CommandLine.Card.Tap)] = []
    private var addresses: [[UInt8]: MACAddress] = [:]
    /// Cards that are a tap, too (`-nic`).
    private var whole: [CommandLine.Card] = []
    /// Of cards on QEMU's hub, which name no backend (`-net nic`).
    private var hubAddresses: [MACAddress?] = []

    mutating func take(netdev options: OptionText) {
        guard let tap = Self.tap(options) else { return }
        add(tap, id: options.bytes("id"))
    }

    mutating func take(device options: OptionText) {
        guard let id = options.bytes("netdev"), let text = options.text("mac") else { return }
        note(MACAddress(text), of: id)
    }

    mutating func take(nic options: OptionText) {
        guard let tap = Self.tap(options), whole.count < CommandLine.mostCards else { return }
        whole.append(CommandLine.Card(tap: tap, address: options.text("mac").flatMap { MACAddress($0) }))
    }

    mutating func take(net options: OptionText) {
        if let tap = Self.tap(options) { return add(tap, id: nil) }
        guard options.text("type") == "nic" else { return }
        let address = options.text("macaddr").flatMap { MACAddress($0) }
        if let id = options.bytes("netdev") { return note(address, of: id) }
        if hubAddresses.count < CommandLine.mostCards { hubAddresses.append(address) }
    }

    private mutating func add(_ tap: CommandLine.Card.Tap, id: [UInt8]?) {
        if taps.count < CommandLine.mostCards { taps.append((id, tap)) }
    }

    private mutating func note(_ address: MACAddress?, of id: [UInt8]) {
        if addresses.count < CommandLine.mostCards { addresses[id] = address }
    }

    private static func tap(_ options: OptionText) -> CommandLine.Card.Tap? {
        guard options.text("type") == "tap" else { return nil }
        if let name = options.bytes("ifname") {
            return (1...15).contains(name.count) ? .name(InterfaceName.text(of: name)) : nil
        }
        // With several queues each has a descriptor; all are of the same tap. What is no number is a name that only the monitor knows.
        let first = options.text("fd") ?? options.text("fds")?.split(separator: ":").first.map { String($0) }
        return first.flatMap { Int32($0) }.flatMap { $0 >= 0 ? .descriptor($0) : nil }
    }

    var cards: [CommandLine.Card] {
        let onHub = taps.filter { $0.id == nil }.count
        let linked = taps.map { link in
            // On a hub with one tap and one card these belong together.
            let ofHub = onHub == 1 && hubAddresses.count == 1 ? hubAddresses[0] : nil
            return CommandLine.Card(tap: link.tap, address: link.id.map { addresses[$0] } ?? ofHub)
        }
        return Array((linked + whole).prefix(CommandLine.mostCards))
    }
}
