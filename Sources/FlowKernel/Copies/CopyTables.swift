// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowModel
import Host

/// What programs copy for whom (weir_copies.h): sessions and their rules in two generations, of which `weir_control.taps` says the one
/// in force, and what became of the frames that they took.
///
/// A class, since several hold it. Of fixed size: 12 MB and 1.5 MB a CPU.
final class CopyTables: MapSet {
    let rules: BPFMap
    let sessions: BPFMap
    let ports: BPFMap
    let limits: BPFMap
    let accounts: BPFMap
    let flows: BPFMap
    let carried: BPFMap
    let copying: BPFMap
    let arrivals: BPFMap
    let strangers: BPFMap
    let rings: CopyRings
    let mappedRules: MappedArray<weir_tap_rule>
    let mappedSessions: MappedArray<weir_tap_session>
    let mappedPorts: MappedArray<weir_tap_port>
    let mappedLimits: MappedArray<weir_tap_limit>

    /// - Parameter folder: in which they will be pinned; nil: nowhere.
    static func create(in folder: String?) throws(KernelError) -> CopyTables {
        try CopyTables(rights: .readWrite, try .create(in: folder)) { layout throws(KernelError) in try .create(layout)
        }
    }

    static func open(pinnedIn folder: String, rights: Descriptor.Rights) throws(KernelError) -> CopyTables {
        try CopyTables(rights: rights, try .open(pinnedIn: folder, rights: rights)) { layout throws(KernelError) in
            try .open(pinnedAt: "\(folder)/\(layout.name)", layout: layout, rights: rights)
        }
    }

    private init(
        rights: Descriptor.Rights, _ rings: CopyRings, _ map: (MapLayout) throws(KernelError) -> BPFMap
    ) throws(KernelError) {
        rules = try map(Layouts.rules)
        sessions = try map(Layouts.sessions)
        ports = try map(Layouts.ports)
        limits = try map(Layouts.limits)
        accounts = try map(Layouts.accounts)
        flows = try map(Layouts.flows)
        carried = try map(Layouts.carried)
        copying = try map(Layouts.copying)
        arrivals = try map(Layouts.arrivals)
        strangers = try map(Layouts.strangers)
        self.rings = rings
        mappedRules = try MappedArray(of: rules, rights: rights)
        mappedSessions = try MappedArray(of: sessions, rights: rights)
        mappedPorts = try MappedArray(of: ports, rights: rights)
        mappedLimits = try MappedArray(of: limits, rights: rights)
    }

    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try forEachCopyingMap(body)
        try forEachSendingMap(body)
        try body(arrivals)
        try body(strangers)
    }

    /// Those that the programs of all sources have.
    func forEachCopyingMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try body(rules)
        try body(sessions)
        try body(ports)
        try body(limits)
        try body(accounts)
        try body(flows)
        try body(rings.map)
    }

    /// Those that programs have which send copies, too.
    func forEachSendingMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try body(carried)
        try body(copying)
    }

    private enum Layouts {
        static let rules = mapped(WEIR_MAP_TAP_RULES, MemoryLayout<weir_tap_rule>.size, 2 * Int(WEIR_TAP_RULES))
        static let sessions = mapped(
            WEIR_MAP_TAP_SESSIONS, MemoryLayout<weir_tap_session>.size, 2 * Int(WEIR_TAP_SESSIONS))
        static let ports = mapped(WEIR_MAP_TAP_PORTS, MemoryLayout<weir_tap_port>.size, 2 * Int(WEIR_MAX_PORTS))
        static let limits = mapped(
            WEIR_MAP_TAP_LIMITS, MemoryLayout<weir_tap_limit>.size, Int(WEIR_TAP_SESSIONS * WEIR_TAP_LIMITS))
        static let accounts = perCPU(
            WEIR_MAP_TAP_ACCOUNTS, MemoryLayout<weir_tap_account>.size, Int(WEIR_TAP_ACCOUNTS * WEIR_DIRECTIONS))
        static let flows = MapLayout(
            name: WEIR_MAP_TAP_FLOWS, type: BPF_MAP_TYPE_LRU_HASH, keySize: MemoryLayout<weir_tap_flow>.size,
            valueSize: MemoryLayout<weir_tap_seen>.size, maxEntries: Int(WEIR_TAP_FLOWS))
        static let carried = perCPU(WEIR_MAP_CARRIED, MemoryLayout<weir_carried>.size, Int(WEIR_MAX_PORTS))
        static let copying = perCPU(WEIR_MAP_COPYING, 8, 1)
        static let arrivals = MapLayout(
            name: WEIR_MAP_TAP_ARRIVALS, type: BPF_MAP_TYPE_HASH, keySize: MemoryLayout<weir_tap_sender>.size,
            valueSize: MemoryLayout<weir_tap_arrival>.size, maxEntries: Int(WEIR_TAP_ARRIVALS))
        static let strangers = MapLayout(
            name: WEIR_MAP_TAP_STRANGERS, type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 8, maxEntries: 1)

        private static func mapped(_ name: String, _ size: Int, _ count: Int) -> MapLayout {
            MapLayout(
                name: name, type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: size, maxEntries: count,
                flags: UInt32(BPF_F_MMAPABLE))
        }

        private static func perCPU(_ name: String, _ size: Int, _ count: Int) -> MapLayout {
            MapLayout(
                name: name, type: BPF_MAP_TYPE_PERCPU_ARRAY, keySize: 4, valueSize: size, maxEntries: count)
        }
    }
}
