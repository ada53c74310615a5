// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is printed of one interface: a line of a directory provider (docs/providers.md).
struct MachineLine: Encodable, Equatable {
    var interface: String
    var instanceID: String
    var instanceName: String?
    var projectID: String?
    var projectName: String?
    var interfaceID: String?
    var mac: String?
    var network: String?
    var addresses: [String] = []

    enum CodingKeys: String, CodingKey {
        case interface, mac, network, addresses
        case instanceID = "instance_id"
        case instanceName = "instance_name"
        case projectID = "project_id"
        case projectName = "project_name"
        case interfaceID = "interface_id"
    }

    /// A line for each interface of the machine that is one of the host's.
    static func lines(of machine: MachineDocument) -> [MachineLine] {
        let name = [machine.displayName, machine.title, machine.name].first { !$0.isEmpty }
        return machine.interfaces.compactMap { interface in
            guard let device = interface.device, !device.isEmpty else { return nil }
            var line = MachineLine(interface: device, instanceID: machine.uuid)
            line.instanceName = name
            line.projectID = machine.projectID.isEmpty ? nil : machine.projectID
            line.projectName = machine.projectName.isEmpty ? nil : machine.projectName
            (line.mac, line.network) = (interface.mac, interface.network)
            let port = machine.ports.first { $0.isOf(interface) }
            line.interfaceID = interface.openVSwitchID ?? port?.id
            line.addresses = port?.addresses ?? []
            return line
        }
    }

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return (try? encoder.encode(self)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
    }
}

extension MachineDocument.Port {
    /// Nova and Neutron name a tap by the first eleven characters of the port's id, behind `tap` (nova/network/model.py, NIC_NAME_LEN).
    fileprivate func isOf(_ interface: MachineDocument.Interface) -> Bool {
        guard !id.isEmpty else { return false }
        return interface.openVSwitchID == id || interface.device == "tap\(id.prefix(11))"
    }
}
