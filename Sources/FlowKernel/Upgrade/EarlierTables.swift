// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowMeter
import FlowModel
import Glibc
import Host

/// The pinned tables of another layout, read by the description that lies beside them.
///
/// For a build that takes over from another: its own programs count into tables of its own by then, and no program writes
/// these. A map's place and purpose are the same in every layout, as weir_abi.h has them from version 3 on; where the
/// fields lie is not.
struct EarlierTables: ~Copyable {
    let directory: String
    let layout: LayoutDescription
    private let control: MappedArray<UInt8>

    static func open(_ directory: String) throws(KernelError) -> EarlierTables {
        let description = try BPFMap.open(pinnedAt: "\(directory)/\(WEIR_MAP_LAYOUT)")
        let text = try MappedArray<UInt8>(of: description, rights: .read)
        let layout = LayoutDescription(text: (0..<text.count).map { text[$0] })
        let control = try MappedArray<UInt8>(
            of: try .open(pinnedAt: "\(directory)/\(WEIR_MAP_CONTROL)"), rights: .readWrite)
        return EarlierTables(directory: directory, layout: layout, control: control)
    }

    private init(directory: String, layout: LayoutDescription, control: consuming MappedArray<UInt8>) {
        self.directory = directory
        self.layout = layout
        self.control = control
    }

    /// The control page as it is now.
    private var page: StructureBytes {
        let size = min(control.count, layout["weir_control"]?.size ?? 0)
        return StructureBytes(layout: layout, bytes: (0..<size).map { control[$0] }[...])
    }

    func map(_ name: String) throws(KernelError) -> BPFMap { try .open(pinnedAt: "\(directory)/\(name)") }

    /// Where the maps of its flow tables are pinned: that of the network hooks, and that of what is sent past qdiscs.
    var tableFolders: [String] {
        let sent = directory + "/sent"
        return unsafe access(sent, F_OK) == 0 ? [directory, sent] : [directory]
    }
}

extension EarlierTables {
    var installation: UInt64 { page.number("weir_control.installation") }

    var lastPort: UInt16 { UInt16(truncatingIfNeeded: page.number("weir_control.last_port")) }

    var engine: FlowEngine? {
        let page = page
        return FlowEngine(abi: UInt32(page.number("weir_table.engine", at: page.offset("weir_control.table"))))
    }

    /// CPUs with a table of lines, and how many lines each has in a generation.
    var lineTables: (cpus: Int, lines: Int) {
        let page = page
        let table = page.offset("weir_control.table")
        return (Int(page.number("weir_table.cpus", at: table)), Int(page.number("weir_table.lines", at: table)))
    }

    /// The window that was open when programs were taken away.
    var openWindow: OpenWindow { window(of: number) }

    /// The windows whose counts are not in a journal yet, in their order.
    var unreleased: [OpenWindow] {
        let released = UInt32(truncatingIfNeeded: page.number("weir_control.released"))
        if released == number { return [] }
        guard let before = Window.number(before: number), released != before,
            !(before == Window.firstNumber && released == .max)
        else { return [openWindow] }
        return [window(of: before), openWindow]
    }

    /// Notes that a window's counts are safe.
    func setReleased(_ window: UInt32) {
        guard let place = layout["weir_control.released"], place.size == 4 else { return }
        for index in 0..<4 { control[place.offset + index] = UInt8(truncatingIfNeeded: window >> UInt32(8 * index)) }
    }

    /// Zero of the ticks of a window.
    func opened(_ window: UInt32) -> Tick {
        let page = page
        let base = page.offset("weir_control.opened") + generation(of: window) * (layout["weir_tick"]?.size ?? 0)
        return Tick(
            jiffies: UInt32(truncatingIfNeeded: page.number("weir_tick.jiffies", at: base)),
            nanoseconds: page.number("weir_tick.monotonic_ns", at: base))
    }

    func generation(of window: UInt32) -> Int { Int(window % UInt32(WEIR_GENERATIONS)) }

    private var number: UInt32 { UInt32(truncatingIfNeeded: page.number("weir_control.window")) }

    private func window(of number: UInt32) -> OpenWindow {
        let page = page
        let base = page.offset("weir_control.windows") + generation(of: number) * (layout["weir_window"]?.size ?? 0)
        func time(_ field: String) -> UInt64 { page.number("weir_window.\(field)", at: base) }
        return OpenWindow(
            number: number,
            anchor: ClockAnchor(
                monotonic: MonotonicTime(nanoseconds: time("opened_monotonic_ns")),
                realtime: UnixTime(nanoseconds: Int64(bitPattern: time("opened_realtime_ns")))),
            end: UnixTime(nanoseconds: Int64(bitPattern: time("closes_realtime_ns"))),
            firstNumber: UInt32(truncatingIfNeeded: time("first")))
    }
}
