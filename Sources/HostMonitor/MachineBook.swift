// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// The machines of one provider, with the last two samples of each. A pure value.
///
/// A provider tells in rounds, and a machine that was not in a whole round is forgotten. One whose hypervisor does not answer keeps the figures of
/// its last answer.
package struct MachineBook: Sendable {
    fileprivate struct Entry {
        var last: MachineSample
        /// Since when `last` has the same life, and its counters go on.
        var before: MachineSample?
        var round: Int
    }

    /// Machines of one provider.
    private static let mostMachines = 16_384

    private var entries: [String: Entry] = [:]
    private var round = 0
    /// Why the last round could not be made.
    package private(set) var failure: String?

    package init() {}

    /// Whether there was room for it.
    package mutating func take(_ sample: MachineSample) -> Bool {
        let id = sample.report.instanceID
        guard var entry = entries[id] else {
            guard entries.count < Self.mostMachines else { return false }
            entries[id] = Entry(last: sample, before: nil, round: round)
            return true
        }
        entry.round = round
        if sample.isAnswered || !entry.last.isAnswered {
            (entry.before, entry.last) = (sample.isAnswered ? entry.last : nil, sample)
        }
        entries[id] = entry
        return true
    }

    /// All machines that there are were told since the last call: the others are gone.
    package mutating func endRound() {
        let current = round
        entries = entries.filter { $0.value.round == current }
        round += 1
        failure = nil
    }

    /// No round could be made.
    package mutating func fail(_ reason: String) { failure = reason }

    /// In the order of their names.
    package func machines(now: ClockAnchor, staleAfter: Duration) -> MonitorBoard.Machines {
        var machines = MonitorBoard.Machines()
        machines.failure = failure
        machines.reports = entries.values.map { $0.report(now: now, staleAfter: staleAfter) }
            .sorted { ($0.domain, $0.instanceID) < ($1.domain, $1.instanceID) }
        return machines
    }
}

extension MachineBook.Entry {
    fileprivate func report(now: ClockAnchor, staleAfter: Duration) -> MachineReport {
        var report = last.report
        let age = last.read.duration(to: now.monotonic)
        report.timeMilliseconds = now.realtime.advanced(by: .zero - age).milliseconds
        report.isStale = !last.isAnswered || age > staleAfter
        if let before, before.isAnswered, before.life == last.life {
            let passed = before.read.duration(to: last.read) / .seconds(1)
            report.addRates(since: before.report, over: Interval(seconds: passed))
        }
        return report
    }
}

extension MachineReport {
    /// None where its CPU time went backwards: it was started again.
    fileprivate mutating func addRates(since old: MachineReport, over interval: Interval) {
        guard let percent = interval.percent(from: old.cpuSeconds, to: cpuSeconds) else { return }
        cpuPercent = percent
        stealPercent = steal(since: old, over: interval)
        for index in disks.indices {
            guard let old = old.disks.first(where: { $0.device == disks[index].device }) else { continue }
            disks[index].traffic.addRates(since: old.traffic, over: interval)
        }
        for index in interfaces.indices {
            guard let old = old.interfaces.first(where: { $0.interface == interfaces[index].interface }) else {
                continue
            }
            interfaces[index].traffic.addRates(since: old.traffic, over: interval)
        }
    }

    /// Of the CPUs that were there at both times; nil where libvirt does not say it of any.
    private func steal(since old: MachineReport, over interval: Interval) -> Double? {
        let delays = Dictionary(old.cpus.map { ($0.number, $0.delaySeconds) }) { first, _ in first }
        let shares = cpus.compactMap { cpu -> Double? in
            guard let now = cpu.delaySeconds, let then = delays[cpu.number] ?? nil else { return nil }
            return interval.percent(from: then, to: now)
        }
        return shares.isEmpty ? nil : shares.reduce(0, +)
    }
}
