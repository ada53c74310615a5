// SPDX-License-Identifier: Apache-2.0

import Foundation
import HostMonitor
import Testing

struct MonitorReportTests {
    @Test("What the report says in JSON is read again, with all of its parts")
    func roundTrip() throws {
        var report = MonitorReport()
        report.timeMilliseconds = 1_700_000_000_123
        report.host.hostname = "hv-1"
        var disk = HostDisk()
        (disk.device, disk.traffic.readBytes) = ("sda", 4096)
        report.host.disks = [disk]
        var machine = MachineReport()
        (machine.domain, machine.cpuPercent) = ("instance-00000001", 12.5)
        var cpu = VirtualCPU()
        (cpu.number, cpu.delaySeconds) = ("0", 0.25)
        machine.cpus = [cpu]
        var interface = MachineInterface()
        (interface.interface, interface.traffic.transmitDrops) = ("tap7", 3)
        machine.interfaces = [interface]
        report.machines = [machine]
        let json = try JSONEncoder().encode(report)
        #expect(try JSONDecoder().decode(MonitorReport.self, from: json) == report)
    }
}
