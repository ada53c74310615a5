// SPDX-License-Identifier: Apache-2.0

import CHost
import CWeirABI
import FlowMeter
import FlowModel

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
        var batch: [CountedFlow] = []
        batch.reserveCapacity(Self.batch)
        for index in 0..<count {
            if index + Self.ahead < count { mappedLines.prefetch(base + mappedEntries[base + index + Self.ahead].line) }
            let entry = mappedEntries[base + index]
            let line = mappedLines[base + entry.line]
            guard line.window == window, !line.isEmpty else { continue }
            batch.append(CountedFlow(line, entry, opened))
            if batch.count == Self.batch {
                body(batch.span)
                batch.removeAll(keepingCapacity: true)
            }
        }
        body(batch.span)
    }

    /// Small enough to stay in the first-level cache.
    private static let batch = 128
    /// Lines lie anywhere: asked for so many ahead, they are there when their turn comes.
    private static let ahead = 16
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

extension CountedFlow {
    fileprivate init(_ line: LineWords, _ entry: EntryWords, _ opened: Tick) {
        self.init(key: FlowKey(line), counters: FlowCounters(line, entry, opened))
    }
}

extension FlowKey {
    fileprivate init(_ line: LineWords) {
        let kind = UInt8(truncatingIfNeeded: line.link >> 24)
        let isIPv6 = kind & UInt8(WEIR_KEY_IPV6) != 0
        self.init(
            port: PortNumber(UInt16(truncatingIfNeeded: line.ends >> 32)),
            direction: kind & UInt8(WEIR_KEY_EGRESS) == 0 ? .ingress : .egress,
            vlanID: UInt16(truncatingIfNeeded: line.ends >> 48), innerVLANID: UInt16(truncatingIfNeeded: line.link),
            transport: UInt8(truncatingIfNeeded: line.link >> 16),
            source: IPAddress(wire: line.source, isIPv6: isIPv6),
            destination: IPAddress(wire: line.destination, isIPv6: isIPv6),
            sourcePort: UInt16(truncatingIfNeeded: line.ends).byteSwapped,
            destinationPort: UInt16(truncatingIfNeeded: line.ends >> 16).byteSwapped,
            isFragmentWithoutFlow: kind & UInt8(WEIR_KEY_FRAGMENT_WITHOUT_FLOW) != 0)
    }
}

extension FlowCounters {
    fileprivate init(_ line: LineWords, _ entry: EntryWords, _ opened: Tick) {
        let packets = line.packetsLast & (1 << UInt64(WEIR_LINE_PACKETS) - 1)
        let last = Tick.count(ofLine: line.packetsLast >> UInt64(WEIR_LINE_PACKETS))
        let addresses = entry.addresses.byteSwapped
        self.init(
            count: PacketCount(packets: packets, octets: line.octetsBits >> UInt64(WEIR_LINE_BITS)),
            first: opened.time(after: UInt32(truncatingIfNeeded: entry.place >> 32)), last: opened.time(after: last),
            tcpBits: UInt16(truncatingIfNeeded: line.octetsBits),
            dscp: UInt8(truncatingIfNeeded: entry.rest >> 32), timeToLive: UInt8(truncatingIfNeeded: entry.rest >> 40),
            sourceMAC: MACAddress(addresses >> 16),
            destinationMAC: MACAddress((addresses & 0xFFFF) << 32 | entry.rest.byteSwapped >> 32))
    }
}
