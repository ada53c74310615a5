// SPDX-License-Identifier: Apache-2.0

package import DaemonReports
package import FlowKernel
import FlowModel
import FlowVerdict
package import Host

/// What is measured, where and how: the facts behind `weir status`, as its JSON has them.
package struct StatusReport: Codable, Equatable, Sendable {
    package var bpffs: String
    /// nil where nothing was ever attached, or all was detached.
    package var table: Table?
    package var window: Window?
    /// The process that closes windows; nil where there is none, and the open window goes on until a daemon starts.
    package var measuredBy: Int32?
    /// What that process says of itself; nil where it does not answer.
    package var daemon: DaemonReport?
    package var ports: [Port] = []
    /// Frames that were sent to AF_XDP ports, of whichever, and not counted: at most so many. nil where none can be.
    package var missedFrames: UInt64?
    /// nil where no policy is in force.
    package var policy: Policy?

    enum CodingKeys: String, CodingKey {
        case bpffs, table, window, daemon, ports, policy
        case measuredBy = "measured_by"
        case missedFrames = "missed_frames"
    }

    package struct Table: Codable, Equatable, Sendable {
        package var engine: String
        /// In the open window so far.
        package var flows: Int
        package var flowBudget: Int
        /// Of all maps, and of the flow table alone.
        package var memoryBytes: UInt64
        package var tableBytes: UInt64
        /// Where each CPU has a table of its own, these.
        package var cpus: Int?
        package var linesPerCPU: Int?
        package var fullestCPU: Int?
        /// Lines looked at to find a flow of the open window, on average; nil while there is none.
        package var meanProbeLength: Double?

        enum CodingKeys: String, CodingKey {
            case engine, flows, cpus
            case flowBudget = "flow_budget"
            case memoryBytes = "memory_bytes"
            case tableBytes = "table_bytes"
            case linesPerCPU = "lines_per_cpu"
            case fullestCPU = "fullest_cpu_lines"
            case meanProbeLength = "mean_probe_length"
        }
    }

    package struct Window: Codable, Equatable, Sendable {
        package var number: UInt32
        /// Unix seconds.
        package var opened: Int64
        /// Unix seconds; nil where no daemon swaps.
        package var closes: Int64?
    }

    package struct Port: Codable, Equatable, Sendable {
        package var name: String
        package var number: UInt16
        package var role: String
        package var fromHook: String
        package var toHook: String
        package var xdpMode: String?
        /// "attaching", "attached", "closing" (detached, its last counts not yet drained), "damaged" (see `faults`) or "gone" (its
        /// interface is).
        package var state: String
        /// What was taken away of the port.
        package var faults: [String]?
        /// What cannot be seen on this port.
        package var limits: [String]
        package var ingress: Totals
        package var egress: Totals
        /// nil where the port is not sampled.
        package var sampling: Sampling?

        enum CodingKeys: String, CodingKey {
            case name, number, role, state, faults, limits, ingress, egress, sampling
            case fromHook = "from_hook"
            case toHook = "to_hook"
            case xdpMode = "xdp_mode"
        }
    }

    /// What is sampled at a port, and what became of it since that began, in packets on the wire.
    package struct Sampling: Codable, Equatable, Sendable {
        /// One packet of so many is sampled; 0: none.
        package var rate: UInt32
        /// Packets that could have been sampled.
        package var pool: UInt64
        package var samples: UInt64
        /// Of these: the ring had no room.
        package var lost: UInt64
        /// Packets that the policy has dropped: that were handed on, and that were not.
        package var discards: UInt64
        package var withheld: UInt64

        package var text: String {
            var parts: [String] = []
            if rate > 0 { parts.append("1 in \(rate), \(samples) of \(counted(pool, "packet")), \(lost) lost") }
            if rate == 0 || discards + withheld > 0 {
                parts.append("\(counted(discards, "discarded packet")), \(withheld) withheld")
            }
            return parts.joined(separator: "; ")
        }
    }

    /// What the port saw since it was attached.
    package struct Totals: Codable, Equatable, Sendable {
        package var seen: Count
        package var ip: Count
        package var overflow: Count
        package var notIP: Count
        package var malformed: Count
        package var truncated: Count
        /// Of `malformed`: more headers than are read.
        package var tooManyHeaders: Count
        package var fragmentWithoutFlow: Count
        /// Of `notIP` and `malformed`: what the policy dropped, and what it would have dropped, had it been enforced.
        package var refused: Count
        package var audited: Count
        /// Of what was seen in the window that was closed last; nil without a daemon, and before its first window.
        package var rate: Rate?

        enum CodingKeys: String, CodingKey {
            case seen, ip, overflow, malformed, truncated, refused, audited, rate
            case notIP = "not_ip"
            case tooManyHeaders = "too_many_headers"
            case fragmentWithoutFlow = "fragment_without_flow"
        }
    }

    package struct Count: Codable, Equatable, Sendable {
        package var packets: UInt64
        package var bytes: UInt64
    }

    /// A second.
    package struct Rate: Codable, Equatable, Sendable {
        package var packets: Double
        package var bytes: Double
    }

    /// The policy that programs judge by, as the kernel has it.
    package struct Policy: Codable, Equatable, Sendable {
        package var version: UInt32
        package var rules: Int
        /// Ports whose frames are judged: "audit" or "enforce", by the interface's name.
        package var ports: [String: String]

        package var text: String {
            let modes = Dictionary(grouping: ports.keys) { ports[$0] ?? "" }
            let parts = modes.sorted { $0.key > $1.key }.map { mode, names in
                "\(mode) on \(names.sorted().joined(separator: ", "))"
            }
            return
                "version \(version), \(counted(rules, "rule")); \(parts.isEmpty ? "on no port" : parts.joined(separator: "; "))"
        }
    }
}

extension StatusReport {
    /// Reads what is pinned in the directory.
    ///
    /// - Parameter daemon: what a daemon said; it counts only if it is the one that measures here.
    package init(of directory: PinDirectory, daemon: DaemonReport?) throws(KernelError) {
        bpffs = directory.base
        // While it starts there may be no tables yet, or those of an earlier version.
        if let daemon, daemon.life.bpffs == bpffs, DaemonLock.isTaken(directory) {
            (self.daemon, measuredBy) = (daemon, daemon.life.pid)
        }
        guard let installation = try Installation.open(directory, rights: .read) else { return }
        let tables = try Table(installation.tables)
        table = tables
        if measuredBy == nil, DaemonLock.isTaken(directory) { measuredBy = installation.tables.control.meterPID }
        let control = Window(
            number: installation.tables.control.window,
            opened: installation.tables.control.opened.realtime.seconds,
            closes: measuredBy == nil ? nil : installation.tables.control.closes?.seconds)
        window = control
        for port in try installation.tables.maps.registeredPorts() {
            guard let totals = try installation.tables.lifetimeTotals(of: port) else { continue }
            ports.append(Port(port, totals, faults: installation.faults(of: port)))
        }
        try addSampling(installation.tables)
        missedFrames = try installation.missedFrames
        policy = try Policy(installation)
        if let counts = self.daemon?.windows.last { addRates(counts) }
    }

    private mutating func addSampling(_ tables: borrowing FlowTables) throws(KernelError) {
        let sampled = try tables.sampledPorts().map { ($0.port.number.rawValue, Sampling($0.counts)) }
        let byNumber = Dictionary(sampled, uniquingKeysWith: { first, _ in first })
        for index in ports.indices { ports[index].sampling = byNumber[ports[index].number] }
    }

    private mutating func addRates(_ counts: WindowCounts) {
        guard counts.seconds > 0 else { return }
        for index in ports.indices {
            guard let port = counts.ports[ports[index].name] else { continue }
            ports[index].ingress.rate = Rate(port.ingress, seconds: counts.seconds)
            ports[index].egress.rate = Rate(port.egress, seconds: counts.seconds)
        }
    }

    /// Interfaces that were to be attached and could not be, with the reason.
    package var refused: [String: String] {
        let attached = Set(ports.map(\.name))
        return (daemon?.ports.refused ?? [:]).filter { !attached.contains($0.key) }
    }
}

extension StatusReport.Sampling {
    fileprivate init(_ counts: SampledCounts) {
        (rate, pool) = (counts.rates.rate, counts.pool)
        (samples, lost, discards, withheld) = (counts.samples, counts.lost, counts.discards, counts.withheld)
    }
}

extension StatusReport.Rate {
    fileprivate init(_ counts: WindowCounts.Direction, seconds: Double) {
        packets = Double(counts.packets) / seconds
        bytes = Double(counts.bytes) / seconds
    }
}

extension StatusReport.Policy {
    fileprivate init?(_ installation: borrowing Installation) throws(KernelError) {
        guard let summary = try installation.tables.policySummary() else { return nil }
        version = UInt32(summary.version.rawValue)
        rules = summary.ruleCount
        ports = [:]
        for port in try installation.attachedPorts() {
            if let policy = summary.ports[port.number] { ports[port.name] = policy.mode.rawValue }
        }
    }
}

extension StatusReport.Table {
    fileprivate init(_ tables: borrowing FlowTables) throws(KernelError) {
        let load = try tables.load()
        engine = tables.geometry.engine.rawValue
        flows = try tables.flowCount()
        flowBudget = tables.geometry.flowBudget
        memoryBytes = tables.maps.memoryBytes
        tableBytes = tables.maps.tableBytes
        guard tables.geometry.engine == .line else { return }
        cpus = tables.geometry.cpus
        linesPerCPU = tables.geometry.lines
        fullestCPU = load.map(\.lines).max()
        let lines = load.reduce(0) { $0 + $1.lines }
        let probes = load.reduce(0) { $0 + $1.probes }
        meanProbeLength = lines == 0 ? nil : Double(probes) / Double(lines)
    }
}

extension StatusReport.Port {
    fileprivate init(_ port: RegisteredPort, _ totals: DirectionTotals, faults: [PortFault]) {
        name = port.name
        number = port.number.rawValue
        role = port.role.name
        fromHook = port.fromHook.name
        toHook = port.toHook.name
        xdpMode = port.xdpMode?.name
        state = Self.state(of: port, faults)
        self.faults = state == "damaged" ? faults.map(\.text) : nil
        limits = Self.limits(of: port)
        ingress = StatusReport.Totals(totals.ingress)
        egress = StatusReport.Totals(totals.egress)
    }
}

extension StatusReport.Port {
    private static func limits(of port: RegisteredPort) -> [String] {
        let frames = port.role == .guest ? "frames to the guest" : "frames that are sent out of the port"
        return switch (port.fromHook, port.toHook) {
        case (.xdp, _): ["a GSO super-frame from the port counts as one packet"]
        case (.xdpDispatched, _):
            [
                "a GSO super-frame from the port counts as one packet",
                "what an XDP program of a run priority below \(XDPDispatcher.runPriority) drops is not seen",
            ]
        case (.xsk, .fentry): ["\(frames) are those of the switch: what the host itself sends there is not observed"]
        case (.xsk, _): ["\(frames) are not observed at this port: the switch sends them past every hook"]
        default: []
        }
    }

    private static func state(of port: RegisteredPort, _ faults: [PortFault]) -> String {
        if port.isClosing { return "closing" }
        if port.isUnfinished { return "attaching" }
        if faults.isEmpty { return "attached" }
        return faults == [.interfaceGone] ? "gone" : "damaged"
    }
}

extension StatusReport.Totals {
    fileprivate init(_ totals: PortTotals) {
        seen = StatusReport.Count(totals.seen)
        ip = StatusReport.Count(totals.ip)
        overflow = StatusReport.Count(totals.overflow)
        notIP = StatusReport.Count(totals.notIP)
        malformed = StatusReport.Count(totals.malformed)
        truncated = StatusReport.Count(totals.truncated)
        tooManyHeaders = StatusReport.Count(totals.beyondLimits)
        fragmentWithoutFlow = StatusReport.Count(totals.fragmentWithoutFlow)
        refused = StatusReport.Count(totals.refused.sum)
        audited = StatusReport.Count(totals.audited.sum)
    }
}

extension StatusReport.Count {
    fileprivate init(_ count: PacketCount) {
        packets = count.packets
        bytes = count.octets
    }
}
