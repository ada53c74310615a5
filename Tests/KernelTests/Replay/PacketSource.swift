// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

/// A port's program, and packets for it: of flows that are told by number, on the CPU of the calling thread.
struct PacketSource: ~Copyable {
    private let program: Program
    private var sequence: FlowSequence
    private let replay: FrameReplay

    /// - Parameter room: the most packets that are sent at once.
    init(
        _ form: FrameForm = .ipv4, through kind: ProgramKind = .tcFromPort, of port: PortNumber,
        on tables: borrowing FlowTables, room: Int
    ) throws {
        let found = try tables.maps.registeredPort(port)
        let registered = try #require(found)
        let program = try tables.load(kind, for: registered)
        let sequence = try FlowSequence(room: room)
        replay = try FrameReplay(form, of: sequence, through: program.loaded)
        self.program = program
        self.sequence = sequence
    }

    /// Sends a packet of each of these flows, in that order.
    mutating func send(_ flows: [UInt32]) throws {
        guard !flows.isEmpty else { return }
        sequence.fill(flows)
        replay.rewind(sequence)
        try replay.run(packets: flows.count)
    }

    mutating func send(_ flows: Range<Int>) throws { try send(flows.map { UInt32($0) }) }
}

extension FrameForm {
    /// What one of its frames counts.
    var count: PacketCount { ReferenceParser.classify(bytes).count }

    /// The number of the flow that has this source.
    static func flow(of key: FlowKey) -> Int {
        let number = key.version == .v4 ? Int(key.source.low) - 0x0a00_0000 : Int(key.source.low)
        return number << 6 | Int(key.sourcePort) & 63
    }
}

/// Packets of each flow of one port, by the flow's number.
struct FlowTally: Equatable {
    private(set) var packets: [UInt64]

    init(flows: Int) { packets = Array(repeating: 0, count: flows) }

    var sum: UInt64 { packets.reduce(0, +) }

    mutating func add(_ flows: [UInt32]) {
        for flow in flows { packets[Int(flow)] += 1 }
    }

    /// - Parameter octets: that each packet has; records that do not agree with it are left out.
    init(of port: PortNumber, in table: FlowTable, flows: Int, octets: UInt64) {
        self.init(flows: flows)
        for record in table.records where record.key.port == port {
            let count = record.counters.count
            guard count.octets == octets * count.packets else { continue }
            packets[FrameForm.flow(of: record.key)] += count.packets
        }
    }
}
