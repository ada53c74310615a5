// SPDX-License-Identifier: Apache-2.0

/// All that a run of the bench found, for machines. Times are nanoseconds.
package struct BenchReport: Codable, Sendable {
    package var machine: MachineFacts
    package var method: Method
    package var packets: [PacketFigure] = []
    package var inserts: [FlowsFigure] = []
    package var drains: [FlowsFigure] = []
    package var records: [RecordFigure] = []
    package var memory: [MemoryFigure] = []
    package var taps: [TapFigure] = []
    package var swaps: [SwapFigure] = []

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

/// A packet through a program that is run by BPF_PROG_TEST_RUN.
package struct PacketFigure: Codable, Sendable {
    package let subject: String
    package let hook: String
    package let frame: String
    package let flows: Int
    package let distribution: FlowDistribution
    /// Without what the harness with an empty program takes.
    package let net: Figure
    /// With it.
    package let gross: Figure

    package init(
        subject: String, hook: String, frame: String, flows: Int, distribution: FlowDistribution, net: Figure,
        gross: Figure
    ) {
        self.subject = subject
        self.hook = hook
        self.frame = frame
        self.flows = flows
        self.distribution = distribution
        self.net = net
        self.gross = gross
    }
}

/// Something that is done once a flow, for all flows of a table.
package struct FlowsFigure: Codable, Sendable {
    package let subject: String
    package let flows: Int
    package let nanoseconds: Figure

    package init(subject: String, flows: Int, nanoseconds: Figure) {
        self.subject = subject
        self.flows = flows
        self.nanoseconds = nanoseconds
    }
}

/// From slots at rest to merged records, and on to AWS text in a buffer.
package struct RecordFigure: Codable, Sendable {
    package let subject: String
    package let flows: Int
    package let merged: Figure
    package let formatted: Figure

    package init(subject: String, flows: Int, merged: Figure, formatted: Figure) {
        self.subject = subject
        self.flows = flows
        self.merged = merged
        self.formatted = formatted
    }
}

/// Kernel memory of tables with room for that many flows.
package struct MemoryFigure: Codable, Sendable {
    package let subject: String
    package let flows: Int
    package let bytes: UInt64
    package var bytesAFlow: Double { Double(bytes) / Double(flows) }

    package init(subject: String, flows: Int, bytes: UInt64) {
        self.subject = subject
        self.flows = flows
        self.bytes = bytes
    }
}

/// CPU time of a frame written to a tap, all that the kernel does with it included.
package struct TapFigure: Codable, Sendable {
    package let subject: String
    package let hook: String
    package let frame: String
    package let gross: Figure
    /// More than without a program.
    package let delta: Figure

    package init(subject: String, hook: String, frame: String, gross: Figure, delta: Figure) {
        self.subject = subject
        self.hook = hook
        self.frame = frame
        self.gross = gross
        self.delta = delta
    }
}

/// How long opening the next window takes, until nobody writes the one before. Wall time in microseconds.
package struct SwapFigure: Codable, Sendable {
    package let subject: String
    package let microseconds: Figure
    package let longest: Double

    package init(subject: String, microseconds: Figure, longest: Double) {
        self.subject = subject
        self.microseconds = microseconds
        self.longest = longest
    }
}
