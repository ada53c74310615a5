// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Glibc
import Host
import TapService

extension EarlierTables {
    /// What tap sessions have counted, by account; none where that layout does not say where.
    func tapCounts(of accounts: Set<Int>) throws(KernelError) -> [Int: DirectionTapCounts] {
        let path = "\(directory)/copies/\(WEIR_MAP_TAP_ACCOUNTS)"
        guard layout["weir_tap_account"] != nil, unsafe access(path, F_OK) == 0 else { return [:] }
        var result: [Int: DirectionTapCounts] = [:]
        try BPFMap.open(pinnedAt: path).forEachRaw { key, values in
            let index = key.reversed().reduce(0) { $0 << 8 | Int($1) }
            let (account, direction) = index.quotientAndRemainder(dividingBy: Int(WEIR_DIRECTIONS))
            guard accounts.contains(account) else { return }
            let sum = values.reduce(TapCounts()) { $0 + TapCounts(StructureBytes(layout: layout, bytes: $1)) }
            if direction == 0 {
                result[account, default: DirectionTapCounts()].ingress = sum
            } else {
                result[account, default: DirectionTapCounts()].egress = sum
            }
        }
        return result
    }
}

extension TapCounts {
    fileprivate init(_ account: StructureBytes) {
        func count(_ field: String, _ index: weir_tap_loss = weir_tap_loss(0)) -> PacketCount {
            let size = account.layout["weir_tap_count"]?.size ?? 0
            let base = account.offset("weir_tap_account.\(field)") + Int(index.rawValue) * size
            return PacketCount(
                packets: account.number("weir_tap_count.packets", at: base),
                octets: account.number("weir_tap_count.octets", at: base))
        }
        self.init()
        (matched, mirrored, truncated) = (count("matched"), count("mirrored"), count("cut"))
        withheld.firstOfFlow = count("losses", WEIR_TAP_LOSS_FIRST)
        withheld.sampling = count("losses", WEIR_TAP_LOSS_SAMPLING)
        withheld.rate = count("losses", WEIR_TAP_LOSS_RATE)
        withheld.budget = count("losses", WEIR_TAP_LOSS_BUDGET)
        withheld.segments = count("losses", WEIR_TAP_LOSS_SEGMENTS)
        failed.destination = count("losses", WEIR_TAP_LOSS_DESTINATION)
        failed.tooBig = count("losses", WEIR_TAP_LOSS_TOO_BIG)
        failed.ringFull = count("losses", WEIR_TAP_LOSS_RING)
    }
}
