// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Reads what an rtnetlink(7) socket delivers about interfaces: messages one after the other in one buffer.
package enum InterfaceMessages {
    /// One message, as far as it concerns interfaces.
    package enum Message: Equatable, Sendable {
        /// Something happened.
        case event(InterfaceEvent)
        /// One of the answers to a request for all interfaces.
        case listed(InterfaceEvent)
        /// No more of these.
        case listEnd
        /// The kernel refuses a request: errno.
        case refusal(Int32)
        /// Cannot be read: what it would have said is missing.
        case malformed
    }

    /// All messages of a datagram that say something of interfaces. Others, such as those about bridges' own tables, which
    /// carry the same type, are left out.
    package static func read(_ bytes: [UInt8]) -> [Message] {
        var messages: [Message] = []
        var rest = NetlinkBytes(bytes[...])
        while !rest.isEmpty {
            guard let length = rest.word32(at: 0), let type = rest.word16(at: 4), let flags = rest.word16(at: 6),
                length >= headerLength, let body = rest.take(Int(length), headed: headerLength)
            else { return messages + [.malformed] }
            if let message = message(type: type, isListed: flags & multipart != 0, body) { messages.append(message) }
        }
        return messages
    }

    // linux/netlink.h, linux/rtnetlink.h
    private static let headerLength = 16
    private static let multipart: UInt16 = 0x2
    private static let errorType: UInt16 = 2
    private static let doneType: UInt16 = 3
    private static let newLink: UInt16 = 16
    private static let deletedLink: UInt16 = 17

    private static func message(type: UInt16, isListed: Bool, _ body: NetlinkBytes) -> Message? {
        switch type {
        case newLink, deletedLink:
            // AF_BRIDGE and others tell of an interface's part in something else: leaving a bridge looks like a deletion.
            guard let family = body.byte(at: 0), family == 0 else { return body.isEmpty ? .malformed : nil }
            guard let event = event(isGone: type == deletedLink, body) else { return .malformed }
            return isListed ? .listed(event) : .event(event)
        case doneType: return .listEnd
        case errorType:
            let code = body.word32(at: 0).map { Int32(bitPattern: $0) } ?? 0
            return code == 0 ? nil : .refusal(-code)
        default: return nil
        }
    }

    /// `struct ifinfomsg`: family, hardware type, index, flags, mask of changes; attributes after it.
    private static func event(isGone: Bool, _ body: NetlinkBytes) -> InterfaceEvent? {
        var body = body
        guard let hardwareType = body.word16(at: 2), let index = body.word32(at: 4), let flags = body.word32(at: 8),
            let attributes = body.take(body.count, headed: 16)?.attributes()
        else { return nil }
        if isGone { return .gone(index: index, destination: destination(attributes)) }
        guard let name = attributes[Attribute.name]?.interfaceName, !name.isEmpty else { return nil }
        var facts = InterfaceFacts(
            interface: NetworkInterface(name: name, index: index), hardwareType: hardwareType, flags: flags)
        facts.address = attributes[Attribute.address]?.macAddress
        let information = attributes[Attribute.information]?.attributes()
        facts.kind = information?[Attribute.kind]?.text
        if facts.kind == "tun", let tap = information?[Attribute.data]?.attributes() {
            facts.owner = tap[Attribute.tapOwner]?.word32(at: 0)
            facts.group = tap[Attribute.tapGroup]?.word32(at: 0)
        }
        facts.master = attributes[Attribute.master]?.word32(at: 0)
        return .present(facts)
    }

    private static func destination(_ attributes: [UInt16: NetlinkBytes]) -> InterfaceEvent.Destination? {
        let namespace = attributes[Attribute.newNamespace]?.word32(at: 0).map { Int32(bitPattern: $0) }
        let index = attributes[Attribute.newIndex]?.word32(at: 0)
        return namespace == nil && index == nil ? nil : InterfaceEvent.Destination(namespaceID: namespace, index: index)
    }

    /// linux/if_link.h
    private enum Attribute {
        package static let address: UInt16 = 1
        package static let name: UInt16 = 3
        package static let master: UInt16 = 10
        package static let information: UInt16 = 18
        static let newNamespace: UInt16 = 45
        static let newIndex: UInt16 = 49
        /// Within `information`.
        package static let kind: UInt16 = 1
        static let data: UInt16 = 2
        /// Within `data` of a tap.
        static let tapOwner: UInt16 = 1
        static let tapGroup: UInt16 = 2
    }
}
