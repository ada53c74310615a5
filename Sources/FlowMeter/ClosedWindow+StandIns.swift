// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension ClosedWindow {
    /// Of which flows a record stands in at another port, and at which: see `StandIn`. By their places among the records.
    ///
    /// Frames to all, and to several, are not among them: where those leave only the switch knows.
    func standIns(at ports: [PortNumber: Port]) -> [(place: Int, receiver: Port)] {
        let receivers = Receivers(ports)
        guard !receivers.isEmpty else { return [] }
        let records = flows.records
        return records.indices.compactMap { place in
            guard let origin = ports[records[place].key.port],
                let receiver = receivers.receiver(of: records[place], from: origin)
            else { return nil }
            return (place, receiver)
        }
    }
}

/// The ports at which records of others stand in, by bridge and address.
private struct Receivers {
    private struct Place: Hashable {
        let bridge: String
        let address: MACAddress
    }

    private let ports: [Place: Port]

    var isEmpty: Bool { ports.isEmpty }

    init(_ ports: [PortNumber: Port]) {
        let places = ports.values.sorted { $0.number < $1.number }.compactMap { port -> (Place, Port)? in
            guard let standIn = port.standIn, let address = standIn.address else { return nil }
            return (Place(bridge: standIn.bridge, address: address), port)
        }
        // A port whose interface was made anew has the address of the one before: the newest is there.
        self.ports = Dictionary(places) { $1 }
    }

    /// The port to which the switch sends what came in as this flow; nil where that is unknown, or known better.
    func receiver(of flow: CountedFlow, from origin: Port) -> Port? {
        guard let bridge = origin.standIn?.bridge, flow.key.direction != origin.role.directionToPort,
            let receiver = ports[Place(bridge: bridge, address: flow.counters.destinationMAC)], receiver !== origin
        else { return nil }
        return receiver
    }
}
