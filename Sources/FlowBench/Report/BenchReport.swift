// SPDX-License-Identifier: Apache-2.0

/// All that a run of the bench found, for machines. Times are nanoseconds.
package struct BenchReport: Codable, Sendable {
    package var machine: MachineFacts
    package var method: Method
    package var packets: [PacketFigure] = []
    /// Into tables that were just made.
    package var inserts: [FlowsFigure] = []
    /// Into tables that were full once and emptied.
    package var insertsUsed: [FlowsFigure] = []
    package var drains: [FlowsFigure] = []
    package var records: [RecordFigure] = []
    /// To files on disk.
    package var published: [PublishedFigure] = []
    package var memory: [MemoryFigure] = []
    package var taps: [TapFigure] = []
    /// Through many taps in turn.
    package var tapTurns: [TapTurnsFigure] = []
    package var swaps: [SwapFigure] = []
    package var ports: [PortsFigure] = []
    package var forwarding: [SwitchFigure] = []
    package var classifier: [ClassifierFigure] = []
    package var judgements: [JudgementFigure] = []
    package var polling: [PollingFigure] = []
    package var policies: [PolicyFigure] = []
    package var conntrack: [TapFigure] = []
    package var stores: [StoreFigure] = []

    private enum CodingKeys: String, CodingKey {
        case machine, method, packets, inserts, drains, records, published, memory, taps, swaps, ports, forwarding,
            classifier, judgements, polling, policies, conntrack, stores
        case insertsUsed = "inserts_used"
        case tapTurns = "tap_turns"
    }

    package init(machine: MachineFacts, method: Method) {
        self.machine = machine
        self.method = method
    }

    package struct Method: Codable, Sendable {
        package let rounds: Int
        package let packetsARun: Int
        package let cpu: Int
        package let isQuick: Bool
        package let defaultEngine: String
        package let reference: String

        package init(
            rounds: Int, packetsARun: Int, cpu: Int, isQuick: Bool, defaultEngine: String, reference: String
        ) {
            self.rounds = rounds
            self.packetsARun = packetsARun
            self.cpu = cpu
            self.isQuick = isQuick
            self.defaultEngine = defaultEngine
            self.reference = reference
        }

        enum CodingKeys: String, CodingKey {
            case rounds, cpu, reference
            case packetsARun = "packets_a_run"
            case isQuick = "quick"
            case defaultEngine = "default_engine"
        }
    }
}
