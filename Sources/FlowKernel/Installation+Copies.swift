// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
package import FlowModel
package import Host
package import TapService

extension Installation {
    /// Puts a plan of tap sessions in force in the place of what was: for every frame that is seen after it returns.
    ///
    /// Ports that are sources or carry copies get programs that copy, each between two frames; then all change at once; then those that do
    /// neither any more get programs that do not. Where this throws, what was in force stays.
    ///
    /// - Parameters:
    ///   - tunnelPort: UDP port of the tunnels of this host.
    ///   - uplinks: ports by which tunnels' packets come and go: UDP to the tunnels' port is not copied there.
    package func setTaps(
        _ plan: TapPlan, tunnelPort: UInt16 = TunnelDevice.usualPort, uplinks: Set<PortNumber> = []
    ) throws(KernelError) {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        try putTaps(plan, tunnelPort, uplinks)
    }

    /// The same while ports are begun that have no programs yet: those that are sources or carry copies get such that copy, and have their
    /// sessions from the first frame on. The turn of the ports must be the caller's.
    package func prepareTaps(_ plan: TapPlan, uplinks: Set<PortNumber>) throws(KernelError) {
        try putTaps(plan, TunnelDevice.usualPort, uplinks)
        for port in try attachedPorts() where port.isUnfinished && plan.copyingPorts.contains(port.number) {
            var port = port
            port.copying.insert(.tapped)
            try tables.maps.register(port)
        }
    }

    private func putTaps(
        _ plan: TapPlan, _ tunnelPort: UInt16, _ uplinks: Set<PortNumber>
    ) throws(KernelError) {
        let known = try tables.maps.copies.current()
        guard !plan.isEmpty || known != nil else { return }
        try CopyTables.refuse(plan)
        try refuseEngine()
        let copies = try tables.maps.copies.make()
        let attached = try attachedPorts().filter { !$0.isUnfinished }
        let taking = attached.filter { plan.copyingPorts.contains($0.number) }
        let leaving = attached.filter { $0.isTapped && !plan.copyingPorts.contains($0.number) }
        try Self.refuseFiltersElsewhere(
            taking.filter { !$0.isTapped } + leaving, "cannot change the tap sessions of",
            remedy: "run this command there (nsenter --net=…)")
        let tunnel = Tunnel(in: directory)
        var ways = TapWays(tunnelPort: tunnelPort, uplinks: uplinks)
        if plan.hasTunnels {
            // A device that is taken over from another layout brings copies from then on.
            if tunnel.existing() == nil { try copies.write(plan.arrivals) }
            ways.tunnelDevice = try tunnel.make(copies, port: tunnelPort).index
        }
        if taking.contains(where: { !$0.canSendCopies && plan.uses[$0.number] != nil }) {
            _ = try copies.rings.ring(at: Int(WEIR_RING_MIRROR), bytes: CopyRings.usualBytes)
        }
        let gracePeriod = try GracePeriod()
        try startCopying(taking.filter { !$0.isTapped })
        do throws(KernelError) {
            try tables.setTaps(plan, ways, copies, gracePeriod: gracePeriod)
        } catch {
            try? stopCopying(taking.filter { !$0.isTapped })
            throw error
        }
        try copies.write(plan.arrivals)
        try stopCopying(leaving)
        if !plan.hasTunnels { try tunnel.remove() }
    }

    private func refuseEngine() throws(KernelError) {
        guard tables.geometry.engine == .line else {
            throw KernelError(
                .unsupported, "cannot set the tap sessions", cause: "the flow table's engine is percpu-hash",
                remedy: "use the engine line")
        }
    }

    /// All of them, or, when this throws, none more than before.
    private func startCopying(_ ports: [RegisteredPort]) throws(KernelError) {
        var started: [RegisteredPort] = []
        for port in ports {
            started.append(port)
            do throws(KernelError) {
                try replacePrograms(
                    of: port, asksPolicy: port.use.asksPolicy, copying: port.copying.union(.tapped))
            } catch {
                try? stopCopying(started)
                throw error
            }
        }
    }

    private func stopCopying(_ ports: [RegisteredPort]) throws(KernelError) {
        for port in ports {
            try replacePrograms(
                of: port, asksPolicy: port.use.asksPolicy, copying: port.copying.subtracting(.tapped))
        }
    }

    /// What became of the frames that sessions took, by the account of each use. Counts only grow.
    package func tapCounts(of accounts: some Sequence<Int>) throws(KernelError) -> [Int: DirectionTapCounts] {
        guard let copies = try tables.maps.copies.current() else { return [:] }
        var result: [Int: DirectionTapCounts] = [:]
        for account in accounts { result[account] = try copies.counts(of: account) }
        return result
    }

    /// Makes accounts zero that no plan in force has, before one has them for another source.
    package func clearTapCounts(of accounts: some Sequence<Int>) throws(KernelError) {
        guard let copies = try tables.maps.copies.current() else { return }
        for account in accounts { try copies.clear(account: account) }
    }

    /// Copies that left by ports, or came back from them: they are not these ports' traffic.
    package func carriedCopies(by port: PortNumber) throws(KernelError) -> (packets: UInt64, bytes: UInt64) {
        try tables.maps.copies.current()?.carried(by: port) ?? (0, 0)
    }

    /// Copies that other hosts have sent here.
    package func arrivedCopies() throws(KernelError) -> TapArrived {
        try tables.maps.copies.current()?.arrived() ?? TapArrived()
    }

    /// The ring of copies at that place, which is made where there is none.
    ///
    /// - Parameter bytes: of a ring that is made, a power of two; nil: 8 MiB.
    package func tapRing(at place: Int, bytes: Int? = nil) throws(KernelError) -> CopyRing {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        return try tables.tapRing(at: place, bytes: bytes)
    }

    /// Has nothing more put into the ring at that place. No session in force may have it.
    package func removeTapRing(at place: Int) throws(KernelError) { try tables.removeTapRing(at: place) }

    /// Puts other budgets in force for the sessions of the plan in force, by their places.
    package func setTapLimits(_ sessions: [TapSession]) throws(KernelError) {
        try tables.maps.copies.current()?.writeLimits(sessions)
    }
}

extension FlowTables {
    /// Programs of the ports must be such that copy. The turn of the ports must be ours.
    func setTaps(
        _ plan: TapPlan, _ ways: TapWays, _ copies: CopyTables, gracePeriod: borrowing GracePeriod
    ) throws(KernelError) {
        let version = try control.takeTapVersion()
        let generation = 1 - control.tapGeneration
        // The process that changed it last may have died before programs were done with the generation that is written now.
        try gracePeriod.wait()
        copies.write(plan, ways, generation: generation)
        copies.writeLimits(plan.sessions)
        control.setTapGeneration(generation)
        // Flows that are asked about from here on are asked of the new sessions; those that were are then asked anew, by the version.
        try gracePeriod.wait()
        control.setPolicy(version)
        try gracePeriod.wait()
    }

    /// For programs that are run without interfaces.
    package func setTaps(_ plan: TapPlan, tunnelDevice: UInt32? = nil) throws(KernelError) {
        try CopyTables.refuse(plan)
        try setTaps(plan, TapWays(tunnelDevice: tunnelDevice), try maps.copies.make(), gracePeriod: .notNeeded)
    }

    /// See `Installation.tapRing`.
    package func tapRing(at place: Int, bytes: Int? = nil) throws(KernelError) -> CopyRing {
        guard CopyRings.places.contains(place) else {
            throw KernelError(
                .invalid, "cannot make the ring \(place) of copies", cause: "there are \(CopyRings.places.count)",
                remedy: "end a capture")
        }
        return try maps.copies.make().rings.ring(at: place, bytes: bytes ?? CopyRings.usualBytes)
    }

    /// See `Installation.removeTapRing`.
    package func removeTapRing(at place: Int) throws(KernelError) {
        try maps.copies.current()?.rings.remove(at: place)
    }

    package func tapCounts(of account: Int) throws(KernelError) -> DirectionTapCounts {
        try maps.copies.current()?.counts(of: account) ?? DirectionTapCounts()
    }
}

extension TapPlan {
    fileprivate var isEmpty: Bool { sessions.isEmpty && allUses.isEmpty && carriers.isEmpty && arrivals.isEmpty }

    fileprivate var copyingPorts: Set<PortNumber> { Set(uses.keys).union(captures.keys).union(carriers) }

    fileprivate var hasTunnels: Bool {
        !arrivals.isEmpty
            || sessions.contains { session in
                if case .tunnel = session.destination { true } else { false }
            }
    }
}
