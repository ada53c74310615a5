// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit

/// What counting flows costs a host that routes: nothing, Weir, and the kernel's connection tracking with its counters.
///
/// Each has a namespace to itself, with a tap that a guest writes to and one that the frames leave by, and they take turns
/// every hundred frames.
final class ConntrackMeasurement {
    private let settings: Settings
    private let lanes: [RoutingLane]
    private let engine: EngineSubject

    init(_ settings: Settings) throws {
        self.settings = settings
        engine = try EngineSubject(.standard, roomFor: Settings.usualBudget)
        lanes = [
            try RoutingLane("nothing"), try RoutingLane("Weir", counting: engine),
            try RoutingLane("conntrack", tracking: true),
        ]
    }

    private struct Load {
        let name: String
        let flows: Int
        /// Whether each frame is of a flow that was never seen.
        let isNew: Bool
    }

    private static let loads = [
        Load(name: "1 flow", flows: 1, isNew: false), Load(name: "4k flows", flows: 4096, isNew: false),
        Load(name: "new flow", flows: 40_960, isNew: true),
    ]

    func figures() throws -> [TapFigure] { try Self.loads.enumerated().flatMap(figures) }

    private func figures(_ number: Int, _ load: Load) throws -> [TapFigure] {
        let frames = (0..<load.flows).map { Self.frame(number, flow: $0) }
        var samples = Array(repeating: Samples(), count: lanes.count)
        let turns = load.isNew ? load.flows / RoutingLane.framesATurn : settings.tapTurns
        for turn in 0..<turns {
            for index in lanes.indices {
                let lane = (index + turn) % lanes.count
                samples[lane].append(try lanes[lane].write(frames, from: turn * RoutingLane.framesATurn))
            }
        }
        try engine.check(sent: UInt64(turns * RoutingLane.framesATurn))
        try engine.empty()
        let tracked = try lanes[2].trackedConnections()
        guard tracked >= load.flows else {
            throw BenchFailure(description: "conntrack knows \(tracked) connections of \(load.flows)")
        }
        return zip(lanes, samples).map { lane, values in
            TapFigure(
                subject: lane.name, hook: "", frame: load.name, gross: values.figure,
                delta: (values - samples[0]).figure)
        }
    }

    /// Each load has source addresses of its own.
    private static func frame(_ load: Int, flow: Int) -> TapFrame {
        TapFrame(
            Frame(
                .ethernet(to: RoutingLane.routerAddress),
                .ipv4(from: IPAddress(v4: 0x0a09_0000 | UInt32(load) << 8 | 1), to: "10.8.0.1"),
                .udp(from: UInt16(1024 + flow % 60_000), to: UInt16(7000 + flow / 60_000)), .padding()))
    }
}
