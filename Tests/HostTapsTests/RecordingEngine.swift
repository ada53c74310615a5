// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Host
import HostTaps
import Synchronization
import TapService

/// Keeps what it is told, and has the counts that a test gives it.
final class RecordingEngine: TapEngine, Sendable {
    private struct State {
        var plans: [TapPlan] = []
        var limits = 0
        var counts: [Int: TapFigures] = [:]
        var failure: KernelError?
        /// By place, their numbers.
        var rings: [Int: UInt32] = [:]
        var lastRing: UInt32 = 0
    }

    private let state = Mutex(State())

    /// Those that were set.
    var plans: [TapPlan] { state.withLock(\.plans) }
    /// How often budgets alone were set.
    var limits: Int { state.withLock(\.limits) }
    /// In force, with the budgets that were set last.
    var last: TapPlan? { plans.last }

    func count(_ account: Int, _ figures: TapFigures) { state.withLock { $0.counts[account] = figures } }

    var rings: [Int: UInt32] { state.withLock(\.rings) }

    func fail(_ error: KernelError?) { state.withLock { $0.failure = error } }

    func set(_ plan: TapPlan, uplinks: Set<PortNumber>) throws(KernelError) {
        try state.withLock { state throws(KernelError) in
            if let failure = state.failure { throw failure }
            state.plans.append(plan)
        }
    }

    func limit(_ sessions: [TapSession]) throws(KernelError) {
        state.withLock { state in
            state.limits += 1
            state.plans[state.plans.count - 1].sessions = sessions
        }
    }

    func clear(_ accounts: Set<Int>) throws(KernelError) {
        state.withLock { state in
            for account in accounts { state.counts[account] = nil }
        }
    }

    func counts(of accounts: Set<Int>) throws(KernelError) -> [Int: TapFigures] {
        state.withLock { state in state.counts.filter { accounts.contains($0.key) } }
    }

    func makeRing(at place: Int) throws(KernelError) -> TapRing {
        try state.withLock { state throws(KernelError) in
            if let failure = state.failure { throw failure }
            state.lastRing += 1
            state.rings[place] = state.lastRing
            return TapRing(mapID: state.lastRing, bytes: 4096)
        }
    }

    func removeRing(at place: Int) throws(KernelError) { state.withLock { $0.rings[place] = nil } }

    func mirrorRing() throws(KernelError) -> CopyRing? { nil }
}
