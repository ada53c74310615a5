// SPDX-License-Identifier: Apache-2.0

import CHost
import CWeirABI
import FlowMeter
import FlowModel
import Host

extension LineTable {
    /// Calls `body` with every line of the window, some at a time, without a system call.
    ///
    /// Of a generation at rest each line comes once. Of one that is being written, what is there at this moment: each
    /// counter as some packet left it.
    func forEachBatch(of window: UInt32, opened: Tick, _ body: (Span<CountedFlow>) -> Void) {
        for cpu in 0..<geometry.cpus { forEachBatch(in: table(of: window, cpu: cpu), window, opened, body) }
    }

    /// The index of the head, and so of the lines and of the log.
    private func table(of window: UInt32, cpu: Int) -> Int {
        Int(window % UInt32(WEIR_GENERATIONS)) * geometry.cpus + cpu
    }

    /// Lines that the CPU has made in the window.
    private func count(in table: Int, _ window: UInt32) -> Int {
        let head = mappedHeads[table]
        return head.window == window ? min(Int(head.count), geometry.lines) : 0
    }

    private func forEachBatch(
        in table: Int, _ window: UInt32, _ opened: Tick, _ body: (Span<CountedFlow>) -> Void
    ) {
        let count = count(in: table, window)
        let base = table * geometry.lines
        // Not an array: whether it is shared would be asked for every flow.
        let batch = UnsafeMutableBufferPointer<CountedFlow>.allocate(capacity: Self.batch)
        defer { unsafe batch.deallocate() }
        unsafe batch.initialize(repeating: .nothing)
        var filled = 0
        for index in 0..<count {
            if index + Self.ahead < count { mappedLines.prefetch(base + mappedEntries[base + index + Self.ahead].line) }
            let entry = mappedEntries[base + index]
            let line = mappedLines[base + entry.line]
            guard line.window == window, !line.isEmpty else { continue }
            unsafe batch[filled].key.set(line, entry)
            unsafe batch[filled].counters.set(line, entry, opened)
            filled += 1
            if filled == Self.batch {
                body(unsafe batch.span)
                filled = 0
            }
        }
        body(unsafe batch.span.extracting(0..<filled))
    }

    /// Small enough to stay in the first-level cache.
    private static let batch = 128
    /// Lines lie anywhere: asked for so many ahead, they are there when their turn comes.
    private static let ahead = 32
}

extension LineTable {
    /// How full each CPU's table is, and how long the searches were that made its lines.
    func load(of window: UInt32) -> [TableLoad] {
        (0..<geometry.cpus).map { cpu in
            let head = mappedHeads[table(of: window, cpu: cpu)]
            guard head.window == window else { return TableLoad(lines: 0, probes: 0) }
            return TableLoad(lines: Int(head.count), probes: Int(head.probes))
        }
    }

    /// Forgets the lines of a window that is drained, so that they are not drained again. They are not alive any more.
    func forget(_ window: UInt32) {
        for cpu in 0..<geometry.cpus {
            let table = table(of: window, cpu: cpu)
            if mappedHeads[table].window == window { mappedHeads[table] = weir_line_head() }
        }
    }

    /// Makes the generation safe for a number that lines could carry from before the numbers wrapped: the first two
    /// after it. Nobody may be writing the generation.
    func prepare(for window: UInt32) throws(KernelError) {
        guard window <= UInt32(WEIR_GENERATIONS) + 1 else { return }
        try forgetShares()
        for cpu in 0..<geometry.cpus {
            let table = table(of: window, cpu: cpu)
            mappedHeads[table] = weir_line_head()
            for line in table * geometry.lines..<(table + 1) * geometry.lines where mappedLines[line].window != 0 {
                mappedLines[line].link = 0
            }
        }
    }
}

extension LineTable {
    /// Ports that have been silent since could find the share that they took in a window of the same number.
    ///
    /// Shares are of both generations: in the window that is open meanwhile a port may take another.
    private func forgetShares() throws(KernelError) {
        for port in 0..<UInt32(WEIR_MAX_PORTS) { try shares.setPerCPU(weir_line_share(), of: port) }
    }
}

/// One CPU's table in one generation.
package struct TableLoad: Equatable, Sendable {
    package let lines: Int
    /// Lines looked at to make them.
    package let probes: Int
}

extension LineWords {
    /// Made, but its first packet is not added yet: only where programs are at work.
    fileprivate var isEmpty: Bool { packetsLast == 0 }
}

// Set field by field, not made: an initialiser of another module is a call, and a flow is a dozen values.

extension FlowKey {
    @inline(__always)
    fileprivate mutating func set(_ line: LineWords, _ entry: EntryWords) {
        let kind = UInt8(truncatingIfNeeded: line.link >> 24)
        let isIPv6 = kind & UInt8(WEIR_KEY_IPV6) != 0
        source.set(line.source, isIPv6: isIPv6)
        destination.set(line.destination, isIPv6: isIPv6)
        transport = UInt8(truncatingIfNeeded: line.link >> 16)
        let ports = TransportPorts(
            source: UInt16(truncatingIfNeeded: line.ends), destination: UInt16(truncatingIfNeeded: line.ends >> 16),
            transport: transport)
        (sourcePort, destinationPort) = (ports.source, ports.destination)
        port.rawValue = UInt16(truncatingIfNeeded: line.ends >> 32)
        vlanID = UInt16(truncatingIfNeeded: line.ends >> 48)
        innerVLANID = UInt16(truncatingIfNeeded: line.link) & UInt16(WEIR_KEY_VLAN_ID)
        direction = kind & UInt8(WEIR_KEY_EGRESS) == 0 ? .ingress : .egress
        isFragmentWithoutFlow = kind & UInt8(WEIR_KEY_FRAGMENT_WITHOUT_FLOW) != 0
        rule = UInt16(truncatingIfNeeded: entry.rest >> 48)
        ruling = .init(line: line.octetsBits)
    }
}

extension IPAddress {
    @inline(__always)
    fileprivate mutating func set(_ wire: WireAddress, isIPv6: Bool) {
        version = isIPv6 ? .v6 : .v4
        high = isIPv6 ? wire.0.byteSwapped : 0
        low = isIPv6 ? wire.1.byteSwapped : wire.0.byteSwapped >> 32
    }
}

extension Ruling {
    /// The two bits of a line that say it.
    @inline(__always)
    fileprivate init(line octetsBits: UInt64) {
        self =
            switch octetsBits >> UInt64(WEIR_LINE_RULING_SHIFT) & UInt64(WEIR_LINE_RULING) {
            case 0: .none
            case 1: .accept
            case 2: .reject
            default: .drop
            }
    }
}

extension FlowCounters {
    @inline(__always)
    fileprivate mutating func set(_ line: LineWords, _ entry: EntryWords, _ opened: Tick) {
        count.packets = line.packetsLast & (1 << UInt64(WEIR_LINE_PACKETS) - 1)
        count.octets = line.octetsBits >> UInt64(WEIR_LINE_BITS)
        first.nanoseconds = opened.nanoseconds(after: UInt32(truncatingIfNeeded: entry.place >> 32))
        last.nanoseconds = opened.nanoseconds(after: Tick.count(ofLine: line.packetsLast >> UInt64(WEIR_LINE_PACKETS)))
        let bits = TCPBits(UInt16(truncatingIfNeeded: line.octetsBits))
        tcpControlBits = bits.control
        tcpFlags = bits.awsFlags
        hidesTCPFlags = bits.areHidden
        dscp = UInt8(truncatingIfNeeded: entry.rest >> 32)
        timeToLive = UInt8(truncatingIfNeeded: entry.rest >> 40)
        let addresses = entry.addresses.byteSwapped
        destinationMAC.bits = addresses >> 16
        sourceMAC.bits = (addresses & 0xFFFF) << 32 | entry.rest.byteSwapped >> 32
    }
}

extension CountedFlow {
    /// What stands where none is set yet.
    fileprivate static var nothing: CountedFlow {
        let none = MonotonicTime(nanoseconds: 0)
        let key = FlowKey(
            port: PortNumber(0), direction: .ingress, transport: 0, source: IPAddress(v4: 0),
            destination: IPAddress(v4: 0))
        return CountedFlow(key: key, counters: FlowCounters(count: .zero, first: none, last: none))
    }
}
