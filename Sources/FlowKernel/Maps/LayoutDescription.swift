// SPDX-License-Identifier: Apache-2.0

import CWeirABI

/// Where the fields of the structures lie that are pinned: kept beside them, so that a later build, whose layout is
/// another, can read what this one counted.
///
/// A field that is called the same means the same in every layout, in the same byte order and unit; one that means
/// something else gets another name. Fields may move, grow, come and go.
struct LayoutDescription: Equatable, Sendable {
    struct Field: Equatable, Sendable {
        var offset: Int
        var size: Int
    }

    private(set) var fields: [String: Field] = [:]

    /// The field of that name, such as `weir_line.octets_bits`; of a structure itself the offset is 0. nil where the
    /// layout has none.
    subscript(_ name: String) -> Field? { fields[name] }
}

extension LayoutDescription {
    /// Lines of name, offset and size; the rest of the text is zero.
    init(text: [UInt8]) {
        for line in String(decoding: text.prefix { $0 != 0 }, as: UTF8.self).split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, let offset = Int(words[1]), let size = Int(words[2]), offset >= 0, size > 0 else {
                continue
            }
            fields[String(words[0])] = Field(offset: offset, size: size)
        }
    }

    var text: [UInt8] {
        let lines = fields.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value.offset) \($0.value.size)\n" }
        return Array(lines.joined().utf8)
    }
}

extension LayoutDescription {
    /// This build's.
    static let own: LayoutDescription = {
        var own = LayoutDescription()
        own.addControl()
        own.addTable()
        own.addLines()
        own.addSlots()
        own.addPorts()
        own.addTaps()
        // The widths of a line's parts are a layout, too.
        own.fields["WEIR_LINE_BITS"] = Field(offset: 0, size: Int(WEIR_LINE_BITS))
        own.fields["WEIR_LINE_RULING_SHIFT"] = Field(offset: 0, size: Int(WEIR_LINE_RULING_SHIFT))
        own.fields["WEIR_LINE_PACKETS"] = Field(offset: 0, size: Int(WEIR_LINE_PACKETS))
        own.fields["WEIR_TCP_HIDDEN"] = Field(offset: 0, size: Int(WEIR_TCP_HIDDEN))
        own.fields["WEIR_TOTALS_ROWS"] = Field(offset: 0, size: Int(WEIR_TOTALS_ROWS))
        return own
    }()

    private mutating func addControl() {
        add("weir_control", weir_control.self)
        add("weir_control.window", \weir_control.window)
        add("weir_control.installation", \weir_control.installation)
        add("weir_control.released", \weir_control.released)
        add("weir_control.opened", \weir_control.opened)
        add("weir_control.last_port", \weir_control.last_port)
        add("weir_control.interval_ms", \weir_control.interval_ms)
        add("weir_control.table", \weir_control.table)
        add("weir_control.windows", \weir_control.windows)
        add("weir_tick", weir_tick.self)
        add("weir_tick.monotonic_ns", \weir_tick.monotonic_ns)
        add("weir_tick.jiffies", \weir_tick.jiffies)
        add("weir_window", weir_window.self)
        add("weir_window.opened_monotonic_ns", \weir_window.opened_monotonic_ns)
        add("weir_window.opened_realtime_ns", \weir_window.opened_realtime_ns)
        add("weir_window.closes_realtime_ns", \weir_window.closes_realtime_ns)
        add("weir_window.first", \weir_window.first)
    }

    private mutating func addTable() {
        add("weir_table.cpus", \weir_table.cpus)
        add("weir_table.lines", \weir_table.lines)
        add("weir_table.engine", \weir_table.engine)
        add("weir_table.flow_budget", \weir_table.flow_budget)
    }

    private mutating func addKey() {
        add("weir_flow_key.src_addr", \weir_flow_key.src_addr)
        add("weir_flow_key.dst_addr", \weir_flow_key.dst_addr)
        add("weir_flow_key.src_port", \weir_flow_key.src_port)
        add("weir_flow_key.dst_port", \weir_flow_key.dst_port)
        add("weir_flow_key.port", \weir_flow_key.port)
        add("weir_flow_key.vlan_id", \weir_flow_key.vlan_id)
        add("weir_flow_key.inner_vlan_id", \weir_flow_key.inner_vlan_id)
        add("weir_flow_key.protocol", \weir_flow_key.protocol)
        add("weir_flow_key.kind", \weir_flow_key.kind)
        add("weir_flow_key.window", \weir_flow_key.window)
    }

    private mutating func addLines() {
        addKey()
        add("weir_line", weir_line.self)
        add("weir_line.key", \weir_line.key)
        add("weir_line.octets_bits", \weir_line.octets_bits)
        add("weir_line.packets_last", \weir_line.packets_last)
        add("weir_line_entry", weir_line_entry.self)
        add("weir_line_entry.line", \weir_line_entry.line)
        add("weir_line_entry.first", \weir_line_entry.first)
        add("weir_line_entry.src_mac", \weir_line_entry.src_mac)
        add("weir_line_entry.dst_mac", \weir_line_entry.dst_mac)
        add("weir_line_entry.dscp", \weir_line_entry.dscp)
        add("weir_line_entry.time_to_live", \weir_line_entry.time_to_live)
        add("weir_line_entry.rule", \weir_line_entry.rule)
        add("weir_line_head", weir_line_head.self)
        add("weir_line_head.window", \weir_line_head.window)
        add("weir_line_head.count", \weir_line_head.count)
    }

    private mutating func addSlots() {
        add("weir_slot", weir_slot.self)
        add("weir_slot.packets", \weir_slot.packets)
        add("weir_slot.octets", \weir_slot.octets)
        add("weir_slot.first", \weir_slot.first)
        add("weir_slot.last", \weir_slot.last)
        add("weir_slot.tcp_bits", \weir_slot.tcp_bits)
        add("weir_slot.dscp", \weir_slot.dscp)
        add("weir_slot.time_to_live", \weir_slot.time_to_live)
        add("weir_slot.src_mac", \weir_slot.src_mac)
        add("weir_slot.dst_mac", \weir_slot.dst_mac)
        add("weir_slot.rule", \weir_slot.rule)
        add("weir_slot.ruling", \weir_slot.ruling)
    }

    private mutating func addPorts() {
        add("weir_totals", weir_totals.self)
        add("weir_totals.seen", \weir_totals.seen)
        add("weir_totals.overflow", \weir_totals.overflow)
        add("weir_totals.not_ip", \weir_totals.not_ip)
        add("weir_totals.malformed", \weir_totals.malformed)
        add("weir_totals.truncated", \weir_totals.truncated)
        add("weir_totals.fragment_without_flow", \weir_totals.fragment_without_flow)
        add("weir_totals.beyond_limits", \weir_totals.beyond_limits)
        add("weir_totals.audited", \weir_totals.audited)
        add("weir_totals.refused", \weir_totals.refused)
        add("weir_count", weir_count.self)
        add("weir_count.packets", \weir_count.packets)
        add("weir_count.octets", \weir_count.octets)
        add("weir_port.name", \weir_port.name)
        add("weir_port.ifindex", \weir_port.ifindex)
        add("weir_port.role", \weir_port.role)
        add("weir_port.state", \weir_port.state)
        add("weir_port.from_hook", \weir_port.from_hook)
        add("weir_port.to_hook", \weir_port.to_hook)
        add("weir_port.xdp_mode", \weir_port.xdp_mode)
        add("weir_port.owns_clsact", \weir_port.owns_clsact)
        add("weir_port.attached_realtime_ns", \weir_port.attached_realtime_ns)
        add("weir_port.network_namespace", \weir_port.network_namespace)
    }

    private mutating func addTaps() {
        add("weir_tap_account", weir_tap_account.self)
        add("weir_tap_account.matched", \weir_tap_account.matched)
        add("weir_tap_account.mirrored", \weir_tap_account.mirrored)
        add("weir_tap_account.cut", \weir_tap_account.cut)
        add("weir_tap_account.losses", \weir_tap_account.losses)
        add("weir_tap_count", weir_tap_count.self)
        add("weir_tap_count.packets", \weir_tap_count.packets)
        add("weir_tap_count.octets", \weir_tap_count.octets)
    }

    private mutating func add<Structure, Value>(_ name: String, _ field: KeyPath<Structure, Value>) {
        guard let offset = MemoryLayout<Structure>.offset(of: field) else {
            preconditionFailure("\(name) is not stored")
        }
        fields[name] = Field(offset: offset, size: MemoryLayout<Value>.size)
    }

    private mutating func add<Structure>(_ name: String, _: Structure.Type) {
        fields[name] = Field(offset: 0, size: MemoryLayout<Structure>.stride)
    }
}
