// SPDX-License-Identifier: Apache-2.0

import FlowKernel

/// Weir's table engines. To add one is to add a case here.
enum Engine: String, CaseIterable {
    case percpuHash = "percpu-hash"

    /// The one that an operator gets who asks for none.
    static let standard = Engine.percpuHash

    /// Makes tables in which one port, whose packets all come on one CPU, has room for that many flows.
    func makeTables(roomFor flows: Int) throws(KernelError) -> FlowTables {
        switch self {
        case .percpuHash: try FlowTables.create(flowBudget: flows)
        }
    }

    /// Makes tables as an operator would who expects that many flows in a window.
    func makeTables(budget flows: Int) throws(KernelError) -> FlowTables {
        switch self {
        case .percpuHash: try FlowTables.create(flowBudget: flows)
        }
    }
}
