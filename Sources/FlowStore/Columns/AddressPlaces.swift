// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Different addresses, numbered in the order in which they came first: open addressing, linear probing.
struct AddressPlaces {
    private(set) var addresses: [IPAddress] = []
    /// Place + 1; 0: free.
    private var slots = [UInt32](repeating: 0, count: 64)
    /// Of the hash, random and odd: packets choose what is looked up, and must not be able to make it collide.
    private let multiplier = UInt64.random(in: .min ... .max) | 1

    /// The place of an address; a new one gets the next.
    mutating func place(of address: IPAddress) -> UInt32 {
        let mask = slots.count - 1
        var index = hash(address) & mask
        while slots[index] != 0 {
            if addresses[Int(slots[index]) - 1] == address { return slots[index] - 1 }
            index = (index + 1) & mask
        }
        addresses.append(address)
        slots[index] = UInt32(addresses.count)
        if addresses.count * 2 > slots.count { grow() }
        return UInt32(addresses.count) - 1
    }

    /// Storage is kept, unless far fewer came than before.
    mutating func removeAll() {
        let room = addresses.count * 16 < slots.count ? 64 : slots.count
        addresses.removeAll(keepingCapacity: true)
        if room < slots.count {
            slots = [UInt32](repeating: 0, count: room)
        } else {
            for index in slots.indices { slots[index] = 0 }
        }
    }

    private mutating func grow() {
        slots = [UInt32](repeating: 0, count: slots.count * 2)
        let mask = slots.count - 1
        for (place, address) in addresses.enumerated() {
            var index = hash(address) & mask
            while slots[index] != 0 { index = (index + 1) & mask }
            slots[index] = UInt32(place) + 1
        }
    }

    private func hash(_ address: IPAddress) -> Int {
        let product = (address.low ^ address.high &* 0xFF51_AFD7_ED55_8CCD) &* multiplier
        return Int(truncatingIfNeeded: product >> 32)
    }
}
