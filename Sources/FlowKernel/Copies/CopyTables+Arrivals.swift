// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Host
import TapService

extension CopyTables {
    /// Puts these in the place of those that there were, one by one. What stays keeps its counts.
    func write(_ arrivals: [TapArrival]) throws(KernelError) {
        var wanted: [Sender: UInt32] = [:]
        for arrival in arrivals { wanted[Sender(arrival.sender, arrival.vni)] = arrival.interface }
        for (sender, value) in try counted() where wanted[sender] != value.interface {
            try self.arrivals.remove(weir_tap_sender(sender))
        }
        let known = try counted()
        for (sender, interface) in wanted where known[sender] == nil {
            try self.arrivals.set(
                weir_tap_arrival(interface: interface, zero: 0, packets: 0, bytes: 0), of: weir_tap_sender(sender))
        }
    }

    private func counted() throws(KernelError) -> [Sender: weir_tap_arrival] {
        var result: [Sender: weir_tap_arrival] = [:]
        try arrivals.forEachEntry(initialKey: weir_tap_sender(), initialValue: weir_tap_arrival()) { key, value in
            result[Sender(key)] = value
        }
        return result
    }

    /// What has been brought by each sender, and how many packets came from none that is known.
    func arrived() throws(KernelError) -> TapArrived {
        var result = TapArrived()
        for (sender, value) in try counted() {
            result.arrivals[TapArrival(from: sender.address, vni: sender.vni, to: value.interface)] = TapArrived.Count(
                packets: value.packets, bytes: value.bytes)
        }
        result.strangers = try strangers.value(of: UInt32(0), initial: UInt64(0)) ?? 0
        return result
    }
}

/// A sender, comparable.
private struct Sender: Hashable {
    let address: IPAddress
    let vni: UInt32

    init(_ address: IPAddress, _ vni: UInt32) {
        self.address = address
        self.vni = vni
    }

    init(_ sender: weir_tap_sender) {
        let wire = unsafe unsafeBitCast(sender.address, to: WireAddress.self)
        self.init(IPAddress(wire: wire, isIPv6: sender.is_ipv6 != 0), sender.vni)
    }
}

extension weir_tap_sender {
    fileprivate init(_ sender: Sender) {
        self.init()
        vni = sender.vni
        is_ipv6 = sender.address.version == .v6 ? 1 : 0
        let words = sender.address.wireWords
        unsafe withUnsafeMutableBytes(of: &address) { bytes in
            unsafe bytes.storeBytes(of: words.0, as: UInt64.self)
            unsafe bytes.storeBytes(of: words.1, toByteOffset: 8, as: UInt64.self)
        }
    }
}
