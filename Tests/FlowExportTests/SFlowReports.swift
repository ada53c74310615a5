// SPDX-License-Identifier: Apache-2.0

import HostMonitor

extension MonitorReport {
    /// A host with a network card, a bridge and two taps; a machine that runs and one that is shut off; a guest's port and the uplink. No two
    /// figures are the same.
    static var sflowExample: MonitorReport {
        var report = MonitorReport()
        report.host = .sflowExample
        report.machines = [.sflowExample("vm1", "11111111-2222-3333-4444-555555555555", tap: "tap1")]
        var idle = MachineReport()
        idle.domain = "vm2"
        idle.instanceID = "66666666-7777-8888-9999-aaaaaaaaaaaa"
        idle.state = MachineReport.State.shutOff.rawValue
        report.machines.append(idle)
        report.ports = [port("tap1", 11, "guest", 1), port("eth0", 2, "uplink", 2)]
        return report
    }

    static func port(_ name: String, _ index: Int?, _ role: String, _ base: UInt64) -> MonitoredPort {
        var port = MonitoredPort()
        (port.interface, port.index, port.role) = (name, index, role)
        (port.egress.packets, port.egress.bytes) = (base + 1000, (base << 33) + 7)
        (port.ingress.packets, port.ingress.bytes) = (base + 2000, (base << 34) + 9)
        (port.egress.refusedPackets, port.ingress.refusedPackets) = (base + 10, base + 20)
        return port
    }
}

extension HostReport {
    fileprivate static var sflowExample: HostReport {
        var host = HostReport()
        (host.hostname, host.uuid) = ("node1.example", "00112233-4455-6677-8899-aabbccddeeff")
        (host.machineType, host.osName, host.osRelease, host.uptimeSeconds) = ("x86_64", "linux", "6.12.1", 54_321.9)
        (host.cpu.count, host.cpu.megahertz) = (8, 2400)
        (host.cpu.load1, host.cpu.load5, host.cpu.load15) = (0.5, 1.25, 2.75)
        (host.cpu.running, host.cpu.processes) = (3, 411)
        (host.cpu.user, host.cpu.nice, host.cpu.system, host.cpu.idle) = (10.001, 20.002, 30.003, 5_000_000.004)
        (host.cpu.ioWait, host.cpu.interrupt, host.cpu.softInterrupt) = (40.004, 50.005, 60.006)
        (host.cpu.steal, host.cpu.guest, host.cpu.guestNice) = (70.007, 80.008, 90.009)
        (host.cpu.interrupts, host.cpu.contextSwitches) = (5_000_000_001, 123_456)
        (host.memory.total, host.memory.free, host.memory.shared) = (64 << 30, 5 << 30, 3 << 20)
        (host.memory.buffers, host.memory.cached) = (7 << 20, 9 << 30)
        (host.memory.swapTotal, host.memory.swapFree) = (8 << 30, 6 << 30)
        (host.memory.pagesIn, host.memory.pagesOut) = (1001, 1002)
        (host.memory.swapPagesIn, host.memory.swapPagesOut) = (1003, 1004)
        (host.rootBytes, host.rootFreeBytes) = (1000 << 30, 250 << 30)
        host.disks = [disk("sda", 1), disk("sdb", 2)]
        host.interfaces = [
            interface("lo", 1, "00:00:00:00:00:00", 1), interface("tap1", 11, "fe:54:00:00:00:01", 10),
            interface("eth0", 2, "52:54:00:ab:cd:ef", 100), interface("br0", 3, "52:54:00:ab:cd:00", 1000),
        ]
        host.interfaces[2].speed = 25_000_000_000
        return host
    }

    private static func disk(_ name: String, _ base: UInt64) -> HostDisk {
        var disk = HostDisk()
        disk.device = name
        (disk.traffic.readRequests, disk.traffic.readBytes) = (base + 100, base << 40)
        (disk.traffic.writeRequests, disk.traffic.writeBytes) = (base + 200, base << 41)
        (disk.traffic.readSeconds, disk.traffic.writeSeconds) = (1.5 * Double(base), 2.5 * Double(base))
        return disk
    }

    private static func interface(_ name: String, _ index: Int, _ mac: String, _ base: UInt64) -> HostInterface {
        var interface = HostInterface()
        (interface.interface, interface.index, interface.mac, interface.isUp) = (name, index, mac, true)
        interface.traffic = .counted(base)
        return interface
    }
}

extension InterfaceTraffic {
    fileprivate static func counted(_ base: UInt64) -> InterfaceTraffic {
        var traffic = InterfaceTraffic()
        (traffic.receiveBytes, traffic.receivePackets) = (base << 35, base * 11)
        (traffic.receiveErrors, traffic.receiveDrops) = (base * 13, base * 17)
        (traffic.transmitBytes, traffic.transmitPackets) = (base << 36, base * 19)
        (traffic.transmitErrors, traffic.transmitDrops) = (base * 23, base * 29)
        return traffic
    }
}

extension MachineReport {
    static func sflowExample(_ name: String, _ id: String, tap: String) -> MachineReport {
        var machine = MachineReport()
        (machine.domain, machine.instanceID, machine.instanceName) = ("instance-\(name)", id, name)
        machine.state = State.running.rawValue
        machine.cpuSeconds = 77.123
        machine.cpus = [VirtualCPU(), VirtualCPU()]
        (machine.memory.current, machine.memory.maximum) = (2 << 30, 4 << 30)
        var disk = MachineDisk()
        disk.device = "vda"
        (disk.capacity, disk.allocation) = (20 << 30, 7 << 30)
        (disk.traffic.readRequests, disk.traffic.readBytes) = (31, 1 << 33)
        (disk.traffic.writeRequests, disk.traffic.writeBytes) = (37, 1 << 34)
        machine.disks = [disk, disk]
        var interface = MachineInterface()
        (interface.interface, interface.mac) = (tap, "52:54:00:00:00:01")
        interface.traffic = .counted(3)
        machine.interfaces = [interface]
        return machine
    }
}
