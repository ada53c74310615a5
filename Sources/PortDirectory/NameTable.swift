// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Who has which address: the machines behind the ports of a window, and the networks that the operator has named.
///
/// A machine's own address comes before any network, and a longer prefix before a shorter one. Two networks (`vpc_id`) can have the same
/// addresses: seen from a port of one of them, an address is never that of a machine of another. Where several machines can be
/// meant, none is.
package struct NameTable: Sendable {
    private struct Machine: Sendable {
        var vpcID: String?
        var name: EndName
    }

    private var machines: [IPAddress: [Machine]] = [:]
    private var networks: [AddressPrefix: EndName] = [:]
    /// Of the networks, each once, the longest first.
    private let lengths: [Int]

    /// - Parameter networks: of two with the same prefix the first counts.
    package init(_ ports: some Sequence<Port>, _ networks: [NamedNetwork]) {
        for port in ports {
            guard let name = port.identity.instanceName ?? port.identity.instanceID else { continue }
            let machine = Machine(vpcID: port.identity.vpcID, name: EndName(name))
            for address in port.addresses { machines[address, default: []].append(machine) }
        }
        for network in networks where self.networks[network.prefix] == nil {
            self.networks[network.prefix] = EndName(network.name)
        }
        lengths = Set(networks.map(\.prefix.length)).sorted(by: >)
    }

    /// Whether no address has a name.
    package var isEmpty: Bool { machines.isEmpty && networks.isEmpty }

    /// - Parameter vpcID: the network of the port at which the address was seen; nil where it is not known.
    package func name(of address: IPAddress, seenFrom vpcID: String?) -> EndName? {
        if let all = machines[address] {
            let own = vpcID == nil ? [] : all.filter { $0.vpcID == vpcID }
            let candidates = own.isEmpty ? all.filter { $0.vpcID == nil || vpcID == nil } : own
            if let first = candidates.first {
                return candidates.allSatisfy { $0.name == first.name } ? first.name : nil
            }
        }
        return networkName(of: address)
    }

    /// Whether the name depends on the port at which the address was seen.
    func hasMachine(_ address: IPAddress) -> Bool { machines[address] != nil }

    func networkName(of address: IPAddress) -> EndName? {
        for length in lengths where length <= address.version.addressBits {
            if let name = networks[AddressPrefix(address, length: length)] { return name }
        }
        return nil
    }
}

/// The names of a window's records: each address is looked up once, and that of a machine once for each network of ports.
package struct RecordNames {
    private let table: NameTable
    /// The `vpc_id` of each network of ports, and what is known of the addresses that are seen from it.
    private var networks: [String?] = []
    private var known: [FoundNames] = []
    /// Of addresses that no machine of the host has: the same from everywhere.
    private var others = FoundNames()
    /// Of the record before: records come port after port.
    private var last: (port: ObjectIdentifier, network: Int)?

    /// nil where no address has a name.
    package init?(_ table: NameTable) {
        guard !table.isEmpty else { return nil }
        self.table = table
    }

    /// Gives the record its names.
    ///
    /// - Parameter record: whose port lives as long as these names.
    package mutating func name(_ record: inout FlowRecord) {
        let port = ObjectIdentifier(record.port)
        if last?.port != port { last = (port, network(of: record.port)) }
        let network = last?.network ?? 0
        record.sourceName = name(of: record.key.source, network)
        record.destinationName = name(of: record.key.destination, network)
    }

    private mutating func name(of address: IPAddress, _ network: Int) -> EndName? {
        if let place = others.place(of: address) { return others.names[place] }
        if let place = known[network].place(of: address) { return known[network].names[place] }
        if table.hasMachine(address) {
            known[network].add(address, table.name(of: address, seenFrom: networks[network]))
        } else {
            others.add(address, table.networkName(of: address))
        }
        return name(of: address, network)
    }

    /// Ports of a host have few networks.
    private mutating func network(of port: Port) -> Int {
        if let network = networks.firstIndex(of: port.identity.vpcID) { return network }
        networks.append(port.identity.vpcID)
        known.append(FoundNames())
        return known.count - 1
    }
}

/// What was looked up, by address: open addressing, linear probing.
private struct FoundNames {
    private(set) var names: [EndName?] = []
    private var addresses: [IPAddress] = []
    /// Place + 1; 0: free.
    private var slots = [UInt32](repeating: 0, count: 64)
    /// Of the hash, random and odd: packets choose what is looked up, and must not be able to make it collide.
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    func place(of address: IPAddress) -> Int? {
        let mask = slots.count - 1
        var index = hash(address) & mask
        while slots[index] != 0 {
            let place = Int(slots[index]) - 1
            if addresses[place] == address { return place }
            index = (index + 1) & mask
        }
        return nil
    }

    /// - Parameter address: that has no place yet.
    mutating func add(_ address: IPAddress, _ name: EndName?) {
        addresses.append(address)
        names.append(name)
        if addresses.count * 2 > slots.count {
            slots = [UInt32](repeating: 0, count: slots.count * 2)
            for place in addresses.indices { note(place) }
        } else {
            note(addresses.count - 1)
        }
    }

    private mutating func note(_ place: Int) {
        let mask = slots.count - 1
        var index = hash(addresses[place]) & mask
        while slots[index] != 0 { index = (index + 1) & mask }
        slots[index] = UInt32(place) + 1
    }

    private func hash(_ address: IPAddress) -> Int {
        let product = (address.low ^ address.high &* 0xFF51_AFD7_ED55_8CCD) &* multiplier
        return Int(truncatingIfNeeded: product >> 32)
    }
}
