// SPDX-License-Identifier: Apache-2.0

import Foundation
import FoundationXML

/// A machine as libvirt's XML has it, with what OpenStack's Nova notes there.
///
/// Sources: https://libvirt.org/formatdomain.html; Nova's `LibvirtConfigGuestMetaNovaInstance` (nova/virt/libvirt/config.py), whose namespaces are
/// `http://openstack.org/xmlns/libvirt/nova/1.0` and, with ports, `…/1.1`.
struct MachineDocument: Equatable {
    struct Interface: Equatable {
        /// The name of the tap on the host.
        var device: String?
        var mac: String?
        /// The network or bridge that it is on, as libvirt calls it.
        var network: String?
        /// What Open vSwitch knows it by.
        var openVSwitchID: String?
    }

    /// A port of Neutron's.
    struct Port: Equatable {
        var id: String
        var addresses: [String] = []
    }

    var name = ""
    var title = ""
    var uuid = ""
    var interfaces: [Interface] = []
    /// As the operator or the tenant calls it.
    var displayName = ""
    var projectID = ""
    var projectName = ""
    var userID = ""
    var userName = ""
    /// The kind of machine it is.
    var flavor = ""
    var ports: [Port] = []

    /// nil where the text is no such document.
    init?(_ xml: String) {
        let reader = DocumentReader()
        let parser = XMLParser(data: Data(xml.utf8))
        parser.shouldProcessNamespaces = true
        parser.shouldResolveExternalEntities = false
        parser.delegate = reader
        guard parser.parse(), !reader.machine.uuid.isEmpty else { return nil }
        self = reader.machine
    }

    fileprivate init() {}
}

/// Follows the elements of the document.
private final class DocumentReader: NSObject, XMLParserDelegate {
    var machine = MachineDocument()
    /// Names of the elements that are open, from the root on; Nova's with a prefix of ours.
    private var path: [String] = []
    private var text = ""

    private static let nova = "http://openstack.org/xmlns/libvirt/nova/"

    func parser(
        _ parser: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        path.append(namespaceURI?.hasPrefix(Self.nova) == true ? "nova:\(element)" : element)
        text = ""
        switch path.dropFirst() {
        case ["devices", "interface"]: machine.interfaces.append(MachineDocument.Interface())
        case ["devices", "interface", "target"]: interface { $0.device = attributes["dev"] }
        case ["devices", "interface", "mac"]: interface { $0.mac = attributes["address"] }
        case ["devices", "interface", "source"]:
            interface { $0.network = attributes["network"] ?? attributes["bridge"] ?? attributes["dev"] }
        case ["devices", "interface", "virtualport", "parameters"]:
            interface { $0.openVSwitchID = attributes["interfaceid"] }
        case ["metadata", "nova:instance", "nova:owner", "nova:project"]:
            machine.projectID = attributes["uuid"] ?? ""
        case ["metadata", "nova:instance", "nova:owner", "nova:user"]: machine.userID = attributes["uuid"] ?? ""
        case ["metadata", "nova:instance", "nova:flavor"]: machine.flavor = attributes["name"] ?? ""
        case ["metadata", "nova:instance", "nova:ports", "nova:port"]:
            machine.ports.append(MachineDocument.Port(id: attributes["uuid"] ?? ""))
        case ["metadata", "nova:instance", "nova:ports", "nova:port", "nova:ip"]:
            guard attributes["type"] == "fixed", let address = attributes["address"] else { return }
            machine.ports[machine.ports.count - 1].addresses.append(address)
        default: break
        }
    }

    func parser(_ parser: XMLParser, foundCharacters string: String) {
        // Names are short; the rest of the document is none of ours.
        if text.utf8.count < 4096 { text += string }
    }

    func parser(
        _ parser: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?
    ) {
        switch path.dropFirst() {
        case ["name"]: machine.name = text
        case ["title"]: machine.title = text
        case ["uuid"]: machine.uuid = text
        case ["metadata", "nova:instance", "nova:name"]: machine.displayName = text
        case ["metadata", "nova:instance", "nova:owner", "nova:project"]: machine.projectName = text
        case ["metadata", "nova:instance", "nova:owner", "nova:user"]: machine.userName = text
        default: break
        }
        path.removeLast()
        text = ""
    }

    private func interface(_ change: (inout MachineDocument.Interface) -> Void) {
        change(&machine.interfaces[machine.interfaces.count - 1])
    }
}
