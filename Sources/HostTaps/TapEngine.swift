// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import FlowModel
package import Host
package import TapService

/// What copies packets on this host: the programs in the kernel, or a record of what they would be told.
package protocol TapEngine: ~Copyable {
    /// Puts a plan in force in the place of the one before: for every frame after it returns. Where it throws, what was stays.
    ///
    /// - Parameter uplinks: ports by which packets of tunnels come and go.
    func set(_ plan: TapPlan, uplinks: Set<PortNumber>) throws(KernelError)

    /// The same while ports of the plan have no programs yet.
    func prepare(_ plan: TapPlan, uplinks: Set<PortNumber>) throws(KernelError)

    /// Puts other budgets in force for the sessions of the plan in force.
    func limit(_ sessions: [TapSession]) throws(KernelError)

    /// Makes accounts zero that no plan in force has.
    func clear(_ accounts: Set<Int>) throws(KernelError)

    /// What was counted in these accounts.
    func counts(of accounts: Set<Int>) throws(KernelError) -> [Int: TapFigures]

    /// Makes a ring at a place, in the stead of what is there.
    func makeRing(at place: Int) throws(KernelError) -> TapRing

    /// Takes the ring away from a place; nothing where it has none.
    func removeRing(at place: Int) throws(KernelError)

    /// The ring of copies that `weir-mirror` sends; nil where there is none.
    func mirrorRing() throws(KernelError) -> CopyRing?
}

extension TapEngine where Self: ~Copyable {
    package func prepare(_ plan: TapPlan, uplinks: Set<PortNumber>) throws(KernelError) {
        try set(plan, uplinks: uplinks)
    }
}

extension Installation: TapEngine {
    package func prepare(_ plan: TapPlan, uplinks: Set<PortNumber>) throws(KernelError) {
        try prepareTaps(plan, uplinks: uplinks)
    }

    package func set(_ plan: TapPlan, uplinks: Set<PortNumber>) throws(KernelError) {
        try setTaps(plan, uplinks: uplinks)
    }

    package func limit(_ sessions: [TapSession]) throws(KernelError) { try setTapLimits(sessions) }

    package func clear(_ accounts: Set<Int>) throws(KernelError) { try clearTapCounts(of: accounts) }

    package func counts(of accounts: Set<Int>) throws(KernelError) -> [Int: TapFigures] {
        try tapCounts(of: accounts).mapValues { TapFigures(ingress: $0.ingress, egress: $0.egress) }
    }

    package func makeRing(at place: Int) throws(KernelError) -> TapRing {
        // Of a daemon before, if there is one.
        try? removeTapRing(at: place)
        let ring = try tapRing(at: place, bytes: Self.captureRingBytes)
        return TapRing(mapID: ring.id, bytes: ring.size)
    }

    package func removeRing(at place: Int) throws(KernelError) { try removeTapRing(at: place) }

    /// Of a capture's ring: 8,000 whole frames of 1514 bytes, or 80,000 whose first 128 bytes are kept.
    private static let captureRingBytes = 16 << 20

    package func mirrorRing() throws(KernelError) -> CopyRing? { try tapRing(at: 0) }
}
