// SPDX-License-Identifier: Apache-2.0

/// All ports of all bridges of a switch.
package struct SwitchPorts: Equatable, Sendable {
    /// Names of the bridges, sorted.
    package private(set) var bridges: [String]
    private var ports: [String: SwitchPort]

    package init(bridges: [String] = [], ports: [SwitchPort] = []) {
        self.bridges = bridges.sorted()
        self.ports = Dictionary(ports.map { ($0.name, $0) }) { $1 }
    }

    package subscript(name: String) -> SwitchPort? { ports[name] }

    /// In the order of their names.
    package var all: [SwitchPort] { ports.values.sorted { $0.name < $1.name } }

    /// Those of the bridges; of all where none is named.
    package func of(bridges: [String]) -> [SwitchPort] {
        bridges.isEmpty ? all : all.filter { bridges.contains($0.bridge) }
    }
}

extension SwitchPorts {
    /// Reads them from the tables of the database. Rows that nothing refers to are on no bridge, and are left out.
    package init(_ tables: OVSDBTables) {
        let interfaces = tables.rows(of: "Interface")
        let portRows = tables.rows(of: "Port")
        var names: [String] = []
        var ports: [SwitchPort] = []
        for bridge in tables.rows(of: "Bridge").values {
            guard let name = bridge["name"]?.string else { continue }
            names.append(name)
            for port in (bridge["ports"]?.uuids ?? []).compactMap({ portRows[$0] }) {
                let members = port["interfaces"]?.uuids ?? []
                ports += members.compactMap { interfaces[$0] }
                    .compactMap { SwitchPort($0, bridge: name, isBonded: members.count > 1) }
            }
        }
        self.init(bridges: names, ports: ports)
    }
}

extension SwitchPort {
    fileprivate init?(_ row: OVSDBTables.Row, bridge: String, isBonded: Bool) {
        guard let name = row["name"]?.string else { return nil }
        let number = row["ofport"]?.integer
        self.init(
            name: name, bridge: bridge, type: row["type"]?.string ?? "", options: row["options"]?.strings ?? [:],
            externalIDs: row["external_ids"]?.strings ?? [:], number: number == -1 ? nil : number,
            error: row["error"]?.string, isBonded: isBonded)
    }
}
