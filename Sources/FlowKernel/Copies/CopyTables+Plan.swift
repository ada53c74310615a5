// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowModel
import Host
package import TapService

/// How sessions reach their destinations on this host.
struct TapWays: Equatable {
    /// Index of the device through which tunnels go; nil: there is none.
    var tunnelDevice: UInt32?
    /// UDP port of tunnels.
    var tunnelPort: UInt16 = 4789
    /// Ports that frames in tunnels come and go by: what goes to the tunnels' port there is not copied.
    var uplinks: Set<PortNumber> = []
}

extension CopyTables {
    /// Throws where the kernel has no room for the plan.
    static func refuse(_ plan: TapPlan) throws(KernelError) {
        let rules = plan.sessions.reduce(0) { $0 + $1.ingress.count + $1.egress.count }
        let longest = plan.sessions.map { max($0.ingress.count, $0.egress.count) }.max() ?? 0
        let uses = plan.uses.values.map(\.count).max() ?? 0
        let captures = plan.captures.values.map(\.count).max() ?? 0
        let accounts = plan.allUses.map(\.account).max().map { $0 + 1 } ?? 0
        try refuse(plan.sessions.count, most: TapPlan.mostSessions, "sessions")
        try refuse(rules, most: TapPlan.mostRules, "rules")
        try refuse(longest, most: TapPlan.mostRulesOfDirection, "rules of one session and direction")
        try refuse(uses, most: TapPlan.mostUses, "sessions of one port")
        try refuse(captures, most: TapPlan.mostCaptures, "captures of one port")
        try refuse(accounts, most: TapPlan.mostAccounts, "sources of sessions")
        try refuse(plan.arrivals.count, most: TapPlan.mostArrivals, "senders of copies")
    }

    private static func refuse(_ count: Int, most: Int, _ what: String) throws(KernelError) {
        guard count > most else { return }
        throw KernelError(
            .invalid, "cannot set the tap sessions",
            cause: "they come to \(count) \(what), and there is room for \(most)",
            remedy: "use fewer")
    }

    /// Writes a generation that no program reads.
    func write(_ plan: TapPlan, _ ways: TapWays, generation: Int) {
        var nextRule = 0
        for (place, session) in plan.sessions.enumerated() {
            var entry = weir_tap_session(session, ways)
            entry.rules.0 = write(session.ingress, generation, &nextRule)
            entry.rules.1 = write(session.egress, generation, &nextRule)
            mappedSessions[generation * Int(WEIR_TAP_SESSIONS) + place] = entry
        }
        for number in 0..<Int(WEIR_MAX_PORTS) {
            let port = PortNumber(UInt16(number))
            mappedPorts[generation * Int(WEIR_MAX_PORTS) + number] = weir_tap_port(
                plan.uses[port] ?? [], captures: plan.captures[port] ?? [],
                tunnelPort: ways.uplinks.contains(port) ? ways.tunnelPort : nil)
        }
    }

    private func write(_ rules: [TapRule], _ generation: Int, _ next: inout Int) -> weir_tap_rules {
        let first = next
        for rule in rules {
            mappedRules[generation * Int(WEIR_TAP_RULES) + next] = weir_tap_rule(rule)
            next += 1
        }
        return weir_tap_rules(first: UInt32(first), count: UInt32(rules.count))
    }

    /// Puts rates in force at once.
    func writeLimits(_ sessions: [TapSession]) {
        for (place, session) in sessions.enumerated() { writeLimits(of: place, session.rate, session.budget) }
    }

    func writeLimits(of place: Int, _ rate: TapRate, _ budget: TapRate) {
        setLimit(place, WEIR_TAP_RATE_PACKETS, rate.packetsPerSecond)
        setLimit(place, WEIR_TAP_RATE_BYTES, rate.bytesPerSecond)
        setLimit(place, WEIR_TAP_BUDGET_PACKETS, budget.packetsPerSecond)
        setLimit(place, WEIR_TAP_BUDGET_BYTES, budget.bytesPerSecond)
    }

    /// How long a session may send faster than its rate after it was silent.
    private static let burst = Duration.milliseconds(50)

    private func setLimit(_ place: Int, _ which: weir_tap_limits, _ perSecond: UInt64?) {
        let index = place * Int(WEIR_TAP_LIMITS) + Int(which.rawValue)
        var limit = mappedLimits[index]
        let second = 1e9 * Double(1 << WEIR_TAP_TIME_SHIFT)
        // 0 would be no limit at all; nothing is let through that costs the whole time there is.
        let cost =
            perSecond.map { rate in max(1, second / Double(max(1, rate)) * Double(1 << WEIR_TAP_COST_SHIFT)) } ?? 0
        let (newCost, burst) = (UInt64(cost), UInt64(Self.burst / .nanoseconds(1)) << UInt64(WEIR_TAP_TIME_SHIFT))
        guard limit.cost != newCost || limit.burst != burst else { return }
        limit.cost = newCost
        limit.burst = burst
        // What programs have written to `due` meanwhile may be forgotten: a burst more.
        mappedLimits[index] = limit
    }
}

extension CopyTables {
    /// What an account has counted, summed over all CPUs.
    func counts(of account: Int) throws(KernelError) -> DirectionTapCounts {
        let base = UInt32(account) * UInt32(WEIR_DIRECTIONS)
        return DirectionTapCounts(ingress: try counts(at: base), egress: try counts(at: base + 1))
    }

    private func counts(at index: UInt32) throws(KernelError) -> TapCounts {
        var sum = TapCounts()
        for value in try accounts.perCPUValues(of: index, initial: weir_tap_account()) { sum.add(value) }
        return sum
    }

    /// Makes an account zero. No plan in force may have it.
    func clear(account: Int) throws(KernelError) {
        for direction in 0..<UInt32(WEIR_DIRECTIONS) {
            try accounts.setPerCPU(weir_tap_account(), of: UInt32(account) * UInt32(WEIR_DIRECTIONS) + direction)
        }
    }

    /// Copies that left by a port.
    func carried(by port: PortNumber) throws(KernelError) -> (packets: UInt64, bytes: UInt64) {
        try carried.perCPUValues(of: UInt32(port.rawValue), initial: weir_carried()).reduce((0, 0)) {
            ($0.packets + $1.packets, $0.bytes + $1.bytes)
        }
    }
}

/// What a session did at a port, in both directions.
package struct DirectionTapCounts: Equatable, Sendable {
    package var ingress = TapCounts()
    package var egress = TapCounts()
}

extension TapCounts {
    fileprivate mutating func add(_ account: weir_tap_account) {
        matched += PacketCount(account.matched)
        mirrored += PacketCount(account.mirrored)
        truncated += PacketCount(account.cut)
        withheld.firstOfFlow += PacketCount(account.losses.0)
        withheld.sampling += PacketCount(account.losses.1)
        withheld.rate += PacketCount(account.losses.2)
        withheld.budget += PacketCount(account.losses.3)
        withheld.segments += PacketCount(account.losses.4)
        failed.destination += PacketCount(account.losses.5)
        failed.tooBig += PacketCount(account.losses.6)
        failed.ringFull += PacketCount(account.losses.7)
    }
}

extension PacketCount {
    fileprivate init(_ count: weir_tap_count) { self.init(packets: count.packets, octets: count.octets) }
}
