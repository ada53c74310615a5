// SPDX-License-Identifier: Apache-2.0

import FlowViews
import Foundation
import HostMonitor
import Testing

@Suite struct MachineViewsTests {
    private func traffic(_ packets: UInt64, _ bytes: UInt64, rate: Double?) -> PortTraffic {
        var traffic = PortTraffic()
        (traffic.packets, traffic.bytes, traffic.bytesPerSecond) = (packets, bytes, rate)
        return traffic
    }

    private var report: MonitorReport {
        var report = MonitorReport()
        var machine = MachineReport()
        (machine.domain, machine.instanceID, machine.instanceName) = ("instance-1", "aaaaaaaa-1", "web-1")
        (machine.projectName, machine.projectID, machine.state) = ("shop", "p-1", 1)
        (machine.cpuPercent, machine.stealPercent, machine.cpuSeconds) = (152.34, 0.25, 3725)
        machine.memory.current = 536_870_912
        machine.memory.maximum = 1_073_741_824
        machine.cpus = (0..<2).map { number in
            var cpu = VirtualCPU()
            (cpu.number, cpu.state, cpu.seconds, cpu.delaySeconds) = ("\(number)", 1, 60, 2)
            return cpu
        }
        var disk = MachineDisk()
        (disk.device, disk.path, disk.capacity) = ("vda", "/images/web-1", 10_000_000_000)
        (disk.traffic.readBytes, disk.traffic.readBytesPerSecond) = (2_000_000, 1500)
        machine.disks = [disk]
        var interface = MachineInterface()
        interface.interface = "tap7"
        (interface.traffic.receivePackets, interface.traffic.receiveBytes) = (10, 1140)
        (interface.traffic.transmitPackets, interface.traffic.transmitBytes) = (5, 600)
        machine.interfaces = [interface]
        var idle = MachineReport()
        (idle.domain, idle.instanceID, idle.state, idle.isStale) = ("db-1", "bbbbbbbb-2", 3, true)
        report.machines = [machine, idle]
        report.ports = [("tap7", "aaaaaaaa-1"), ("tap9", "cccccccc-3"), ("eth0", "")].map { name, instance in
            var port = MonitoredPort()
            (port.interface, port.role) = (name, name == "eth0" ? "uplink" : "guest")
            port.instanceID = instance.isEmpty ? nil : instance
            port.ingress = traffic(10, 1000, rate: 2048)
            port.egress = traffic(5, 500, rate: 0)
            return port
        }
        return report
    }

    @Test func `machines are those of libvirt and those of ports, by name`() {
        let entries = MachineEntry.all(of: report)
        #expect(entries.map(\.name) == ["cccccccc-3", "db-1", "web-1"])
        #expect(entries.map { $0.ports.map(\.interface) } == [["tap9"], [], ["tap7"]])
        #expect(entries[2].isCalled("web-1") && entries[2].isCalled("instance-1") && entries[2].isCalled("aaaaaaaa"))
        #expect(!entries[2].isCalled("aaaa") && !entries[2].isCalled(""))
    }

    @Test func `a port that nobody named belongs to the machine that has its interface`() {
        var report = report
        report.ports[0].instanceID = nil
        #expect(MachineEntry.all(of: report).last?.ports.map(\.interface) == ["tap7"])
    }

    @Test func `the table has what there is room for`() {
        let entries = MachineEntry.all(of: report)
        let whole = MachineTable(entries, by: .cpu, .plain, width: nil).lines
        #expect(
            whole[0]
                == "MACHINE     PROJECT  STATE         CPU %  STEAL %    MEMORY  READ/S  WRITE/S    IN/S  OUT/S  LIBVIRT IN/S  LIBVIRT OUT/S  PORTS"
        )
        #expect(
            whole[1]
                == "web-1       shop     running       152.3      0.3  536.9 MB  1.5 kB        -  2.0 kB    0 B             -              -  tap7"
        )
        #expect(whole.map { $0.prefix(10) } == ["MACHINE   ", "web-1     ", "cccccccc-3", "db-1      "])
        let narrow = MachineTable(entries, by: .name, .plain, width: 40).lines
        #expect(narrow[0] == "MACHINE     STATE         CPU %    IN/S")
        for width in 1..<150 {
            #expect(MachineTable(entries, by: .name, .plain, width: width).lines.allSatisfy { $0.count <= width })
        }
    }

    @Test func `a machine is shown with what libvirt and Weir count, and the difference`() throws {
        let entry = try #require(MachineEntry.all(of: report).last)
        let lines = MachineText(entry, .plain, .utc).lines
        #expect(
            lines == [
                "web-1", "id         aaaaaaaa-1", "project    shop (p-1)", "libvirt    instance-1",
                "state      running, as of 1970-01-01 00:00:00Z",
                "CPU        2 CPUs, 152.3 % in use, 0.3 % waiting for the host (steal); 100 % is one CPU; 1h 02m used",
                "           CPU 0: running, 1m 00s used, waited 2.0 s",
                "           CPU 1: running, 1m 00s used, waited 2.0 s",
                "memory     536.9 MB of at most 1.1 GB",
                "disk       vda (/images/web-1): read 2.0 MB (1.5 kB/s), written 0 B; 10.0 GB large",
                "interface tap7                     IN  BYTES  OUT  BYTES",
                "  libvirt, frames                  10   1140    5    600",
                "  Weir, packets and 14 bytes each  10   1140    5    570",
                "  libvirt has more                  0      0    0     30",
            ])
        let json = String(decoding: try JSONEncoder().encode(TrafficComparison.all(of: entry)), as: UTF8.self)
        #expect(json.contains(#""difference_bytes":30"#) && json.contains(#""frame_bytes":1140"#))
    }
}
