// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import HostMonitor

/// The structures of a report's host.
extension HostReport {
    /// - Parameters:
    ///   - machines: those that run.
    ///   - guests: interfaces behind which machines are.
    func sflowRecords(machines: Int, guests: Set<String>) -> [any SFlowRecord] {
        [
            description, SFlowAdapters(adapters(guests)), processors, memoryRecord, diskRecord,
            SFlowHostNetIO(traffic(guests)), node(machines),
        ]
    }

    private var description: SFlowDescription {
        var description = SFlowDescription()
        description.hostname = hostname
        if let uuid = uuid.flatMap(sflowUUID) { description.uuid = uuid }
        description.machineType =
            switch machineType {
            case "x86_64": .x86With64Bits
            case "aarch64": .arm
            case "": .unknown
            default: .other
            }
        description.osName = osName == "linux" ? .linux : .other
        description.osRelease = osRelease
        return description
    }

    /// Machines' interfaces last: a datagram has room for so many only.
    private func adapters(_ guests: Set<String>) -> [SFlowAdapters.Adapter] {
        let named = interfaces.filter { !guests.contains($0.interface) }
        let others = interfaces.filter { guests.contains($0.interface) }
        return (named + others).compactMap { interface in
            guard let mac = interface.mac.flatMap(MACAddress.init), mac.bits != 0 else { return nil }
            return SFlowAdapters.Adapter(index: UInt32(clamping: interface.index), macs: [mac])
        }
    }

    private var processors: SFlowHostCPU {
        var record = SFlowHostCPU()
        (record.load1, record.load5, record.load15) = (cpu.load1, cpu.load5, cpu.load15)
        (record.running, record.processes) = (cpu.running, cpu.processes)
        record.count = UInt64(clamping: cpu.count)
        record.megahertz = cpu.megahertz.map { UInt64(clamping: $0) }
        record.uptimeSeconds = UInt64(max(0, min(uptimeSeconds, 4e9)))
        (record.user, record.nice, record.system, record.idle) = (cpu.user, cpu.nice, cpu.system, cpu.idle)
        (record.ioWait, record.interrupt, record.softInterrupt) = (cpu.ioWait, cpu.interrupt, cpu.softInterrupt)
        (record.interrupts, record.contextSwitches) = (cpu.interrupts, cpu.contextSwitches)
        (record.steal, record.guest, record.guestNice) = (cpu.steal, cpu.guest, cpu.guestNice)
        return record
    }

    private var memoryRecord: SFlowHostMemory {
        var record = SFlowHostMemory()
        (record.total, record.free, record.shared) = (memory.total, memory.free, memory.shared)
        (record.buffers, record.cached) = (memory.buffers, memory.cached)
        (record.swapTotal, record.swapFree) = (memory.swapTotal, memory.swapFree)
        (record.pagesIn, record.pagesOut) = (memory.pagesIn, memory.pagesOut)
        (record.swapPagesIn, record.swapPagesOut) = (memory.swapPagesIn, memory.swapPagesOut)
        return record
    }

    private var diskRecord: SFlowHostDiskIO {
        var record = SFlowHostDiskIO()
        (record.total, record.free) = (rootBytes, rootFreeBytes)
        if rootBytes > 0 {
            let used = rootBytes > rootFreeBytes ? rootBytes - rootFreeBytes : 0
            record.mostUsed = UInt64((Double(used) * 10_000 / Double(rootBytes)).rounded(.up))
        }
        let all = disks.map(\.traffic)
        record.reads = all.sum(of: \.readRequests)
        record.bytesRead = all.sum(of: \.readBytes)
        record.readSeconds = all.map(\.readSeconds).reduce(0, +)
        record.writes = all.sum(of: \.writeRequests)
        record.bytesWritten = all.sum(of: \.writeBytes)
        record.writeSeconds = all.map(\.writeSeconds).reduce(0, +)
        return record
    }

    /// Of the interfaces that lead out of the host: a frame that a bridge or a machine's tap passes on is not counted twice.
    private func traffic(_ guests: Set<String>) -> SFlowInterfaceIO {
        let physical = interfaces.filter { $0.isPhysical == true }
        let others = interfaces.filter { $0.interface != "lo" && !guests.contains($0.interface) }
        return SFlowInterfaceIO((physical.isEmpty ? others : physical).map(\.traffic))
    }

    private func node(_ machines: Int) -> SFlowNode {
        var record = SFlowNode()
        record.megahertz = cpu.megahertz.map { UInt64(clamping: $0) }
        record.cpus = UInt64(clamping: cpu.count)
        (record.memory, record.memoryFree) = (memory.total, memory.free)
        record.machines = UInt64(machines)
        return record
    }
}

/// The structures of a report's machine.
extension MachineReport {
    /// - Parameter indices: the kernel's indices of the host's interfaces, by name.
    func sflowRecords(_ indices: [String: UInt32]) -> [any SFlowRecord] {
        [
            description, SFlowAdapters(adapters(indices)), SFlowParent(.host), processors, memoryRecord, diskRecord,
            SFlowMachineNetIO(SFlowInterfaceIO(interfaces.map(\.traffic))),
        ]
    }

    /// Whether it uses the host's processors and memory now.
    var isActive: Bool {
        switch State(rawValue: state) {
        case .running, .blocked, .paused, .shuttingDown, .suspended: true
        case .unknown, .shutOff, .crashed, nil: false
        }
    }

    private var description: SFlowDescription {
        var description = SFlowDescription()
        description.hostname = instanceName ?? domain
        if let uuid = sflowUUID(instanceID) { description.uuid = uuid }
        return description
    }

    private func adapters(_ indices: [String: UInt32]) -> [SFlowAdapters.Adapter] {
        interfaces.compactMap { interface in
            guard let index = indices[interface.interface] else { return nil }
            return SFlowAdapters.Adapter(index: index, macs: interface.mac.flatMap(MACAddress.init).map { [$0] } ?? [])
        }
    }

    private var processors: SFlowMachineCPU {
        var record = SFlowMachineCPU()
        record.state = UInt64(clamping: state)
        record.seconds = cpuSeconds
        record.cpus = UInt64(cpus.count)
        return record
    }

    private var memoryRecord: SFlowMachineMemory {
        var record = SFlowMachineMemory()
        (record.memory, record.maximum) = (memory.current, memory.maximum)
        return record
    }

    private var diskRecord: SFlowMachineDiskIO {
        var record = SFlowMachineDiskIO()
        let (capacity, allocation) = (disks.sum(of: \.capacity), disks.sum(of: \.allocation))
        (record.capacity, record.allocation) = (capacity, allocation)
        record.available = capacity > allocation ? capacity - allocation : 0
        let all = disks.map(\.traffic)
        (record.readRequests, record.readBytes) = (all.sum(of: \.readRequests), all.sum(of: \.readBytes))
        (record.writeRequests, record.writeBytes) = (all.sum(of: \.writeRequests), all.sum(of: \.writeBytes))
        return record
    }
}

/// The structures of a port.
extension MonitoredPort {
    /// - Parameter interface: what the host says of the port's interface.
    func sflowRecords(_ index: UInt32, _ interface: HostInterface?) -> [any SFlowRecord] {
        var record = SFlowInterface(index: index)
        record.speed = interface?.speed
        record.isUp = interface?.isUp
        // What comes in at the interface is what the machine sends; of an uplink, what the world does.
        let (input, output) = role == "uplink" ? (ingress, egress) : (egress, ingress)
        record.input = Self.counts(input, errors: interface?.traffic.receiveErrors)
        record.output = Self.counts(output, errors: interface?.traffic.transmitErrors)
        return [record, SFlowPortName(self.interface)]
    }

    private static func counts(_ traffic: PortTraffic, errors: UInt64?) -> SFlowInterface.Counts {
        var counts = SFlowInterface.Counts()
        counts.octets = traffic.bytes
        counts.unicast = traffic.packets
        counts.discards = traffic.refusedPackets
        counts.errors = errors
        return counts
    }
}

extension SFlowInterfaceIO {
    fileprivate init(_ all: [InterfaceTraffic]) {
        self.init()
        (bytesIn, bytesOut) = (all.sum(of: \.receiveBytes), all.sum(of: \.transmitBytes))
        (packetsIn, packetsOut) = (all.sum(of: \.receivePackets), all.sum(of: \.transmitPackets))
        (errorsIn, errorsOut) = (all.sum(of: \.receiveErrors), all.sum(of: \.transmitErrors))
        (dropsIn, dropsOut) = (all.sum(of: \.receiveDrops), all.sum(of: \.transmitDrops))
    }
}

extension Array {
    fileprivate func sum(of path: KeyPath<Element, UInt64>) -> UInt64 { reduce(0) { $0 &+ $1[keyPath: path] } }

    /// Of those that are known.
    fileprivate func sum(of path: KeyPath<Element, UInt64?>) -> UInt64 {
        reduce(0) { $0 &+ ($1[keyPath: path] ?? 0) }
    }
}

/// The 16 bytes of a UUID as text; nil where it is none.
private func sflowUUID(_ text: String) -> [UInt8]? {
    let digits = Array(text.filter { $0 != "-" })
    guard digits.count == 32 else { return nil }
    let bytes = stride(from: 0, to: 32, by: 2).compactMap { UInt8(String(digits[$0...($0 + 1)]), radix: 16) }
    return bytes.count == 16 ? bytes : nil
}
