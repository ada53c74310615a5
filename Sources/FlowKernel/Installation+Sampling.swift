// SPDX-License-Identifier: Apache-2.0

import BPF
package import FlowModel
package import Host

extension Installation {
    /// Has these ports sampled, and no others. Ports that are not attached are passed over.
    ///
    /// A port that was not sampled gets programs that sample, each between two frames; the first packet that meets one begins its pool. Where
    /// this throws, some ports may be sampled as before.
    package func setSampling(_ wanted: [PortNumber: SamplingRates]) throws(KernelError) {
        let known = try tables.maps.sampling.current()
        guard !wanted.isEmpty || known != nil else { return }
        let turn = try directory.openPorts()
        try turn.waitForLock()
        let attached = try attachedPorts().filter { !$0.isUnfinished }
        guard known != nil || attached.contains(where: { wanted[$0.number] != nil }) else { return }
        guard wanted.isEmpty || tables.geometry.engine == .line else {
            throw KernelError(
                .unsupported, "cannot sample packets", cause: "the flow table's engine is percpu-hash",
                remedy: "use the engine line")
        }
        let sampling = try tables.maps.sampling.make()
        let changes = attached.compactMap { SamplingChange($0, to: wanted[$0.number], sampling.rates(of: $0.number)) }
        guard !changes.isEmpty else { return }
        try Self.refuseFiltersElsewhere(
            changes.filter { $0.begins || $0.ends }.map(\.port), "cannot change what is sampled at",
            remedy: "run this command there (nsenter --net=…)")
        try carryOut(changes, sampling)
    }

    private func carryOut(_ changes: [SamplingChange], _ sampling: SamplingTables) throws(KernelError) {
        let gracePeriod = try GracePeriod()
        for change in changes {
            if change.begins { try sampling.clear(change.port.number) }
            sampling.set(change.rates, of: change.port.number)
        }
        // Programs that drew by the old rate have noted what they drew.
        try gracePeriod.wait()
        for change in changes {
            let counts = try tables.maps.counts.counts(of: change.port)
            if change.begins { counts.beginSampling() } else { counts.drawAnew() }
        }
        for change in changes where change.begins {
            try replacePrograms(
                of: change.port, asksPolicy: change.port.use.asksPolicy,
                copying: change.port.copying.union(.sampled))
        }
        for change in changes where change.ends {
            try replacePrograms(
                of: change.port, asksPolicy: change.port.use.asksPolicy,
                copying: change.port.copying.subtracting(.sampled))
        }
    }

    /// The ring that samples are put into, by another descriptor of it, and its size; nil while no port has been sampled.
    package func sampleRing() throws(KernelError) -> CopyRing? { try tables.sampleRing() }
}

/// What is to become of the sampling at a port.
private struct SamplingChange {
    let port: RegisteredPort
    let rates: SamplingRates
    let begins: Bool
    let ends: Bool

    /// nil where it stays as it is.
    init?(_ port: RegisteredPort, to wanted: SamplingRates?, _ now: SamplingRates) {
        let isSampled = port.copying.contains(.sampled)
        guard isSampled != (wanted != nil) || isSampled && wanted != now else { return nil }
        self.port = port
        rates = wanted ?? SamplingRates()
        begins = !isSampled
        ends = wanted == nil
    }
}

extension FlowTables {
    /// See `Installation.sampleRing`.
    package func sampleRing() throws(KernelError) -> CopyRing? {
        guard let sampling = try maps.sampling.current() else { return nil }
        return try CopyRing(sampling.ring)
    }

    /// What became of the packets of each port that is sampled: a moment after this was called, at the earliest.
    package func sampledPorts() throws(KernelError) -> [(port: RegisteredPort, counts: SampledCounts)] {
        guard let sampling = try maps.sampling.current() else { return [] }
        var result: [(port: RegisteredPort, counts: SampledCounts)] = []
        for port in try maps.registeredPorts() where !port.isClosing && port.copying.contains(.sampled) {
            var counts = try sampling.counts(of: port.number)
            counts.rates = sampling.rates(of: port.number)
            counts.pool = try maps.counts.counts(of: port).samplePool
            result.append((port, counts))
        }
        return result
    }

    /// For programs that are run without interfaces, on this thread.
    package func setSampling(_ rates: SamplingRates, of port: RegisteredPort) throws(KernelError) {
        let sampling = try maps.sampling.make()
        try sampling.clear(port.number)
        sampling.set(rates, of: port.number)
        try maps.counts.counts(of: port).beginSampling()
    }

    /// What became of it.
    package func sampledCounts(of port: RegisteredPort) throws(KernelError) -> SampledCounts {
        guard let sampling = try maps.sampling.current() else { return SampledCounts() }
        var counts = try sampling.counts(of: port.number)
        counts.rates = sampling.rates(of: port.number)
        counts.pool = try maps.counts.counts(of: port).samplePool
        return counts
    }
}
