// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowModel

/// Kernel memory of the tables, as the maps' fdinfo says.
enum MemoryMeasurement {
    static func figures() throws -> [MemoryFigure] {
        try [Settings.usualBudget, Ratios.mostFlows].flatMap { flows in
            let reference = try ReferenceSubject(roomFor: flows)
            let engines = try Engine.allCases.map { engine in
                MemoryFigure(
                    subject: engine.rawValue, flows: flows,
                    bytes: try engine.makeTables(budget: flows).maps.memoryBytes)
            }
            return [MemoryFigure(subject: reference.name, flows: flows, bytes: reference.memoryBytes)] + engines
        }
    }
}
