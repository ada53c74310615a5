// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowModel

/// How long opening the next window takes.
enum SwapMeasurement {
    /// Wall time: the swap waits for a grace period, and its caller with it.
    static func figure(of engine: Engine, swaps: Int) throws -> SwapFigure {
        let subject = try EngineSubject(engine, roomFor: Settings.usualBudget)
        var samples = Samples()
        for _ in 0..<swaps {
            var closed: UInt32 = 0
            let time = try ContinuousClock().measure { closed = try subject.closeWindow() }
            samples.append(time / .microseconds(1))
            try subject.release(closed)
        }
        return SwapFigure(
            subject: engine.rawValue, microseconds: samples.figure, longest: samples.quantile(1).rounded())
    }
}
