// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What libvirt said of a machine at one moment.
package struct MachineSample: Equatable, Sendable {
    /// Without rates.
    var report = MachineReport()
    /// Which of the machine's lives it was, where libvirt numbers them: another number after it was started again.
    var life: Int64?
    /// Whether its hypervisor answered: what libvirt can tell without is not all.
    var isAnswered = true
    let read: MonotonicTime

    /// - Parameters:
    ///   - machine: whose it is: its names are kept, and its figures replaced.
    ///   - figures: under the names that virConnectGetAllDomainStats documents.
    package init(
        of machine: MachineReport, _ figures: MachineFigures, life: Int64?, isAnswered: Bool, read: MonotonicTime
    ) {
        (report, self.life, self.isAnswered, self.read) = (machine, life, isAnswered, read)
        report.state = Int(clamping: figures["state.state"] ?? 0)
        report.cpus = figures.virtualCPUs
        report.cpuSeconds =
            figures["cpu.time"].map { Double($0) / 1e9 } ?? report.cpus.reduce(0) { $0 + $1.seconds }
        report.memory = figures.memory
        report.disks = figures.disks
        report.interfaces = figures.interfaces
    }
}

/// A machine's figures as libvirt names them: `cpu.time`, `net.0.rx.bytes`.
package struct MachineFigures: Equatable, Sendable {
    package var numbers: [String: UInt64]
    package var texts: [String: String]

    package init(numbers: [String: UInt64], texts: [String: String]) {
        self.numbers = numbers
        self.texts = texts
    }

    subscript(name: String) -> UInt64? { numbers[name] }

    /// Places of a list: libvirt says how many there are, but a list of CPUs has holes.
    private func places(_ name: String) -> Range<Int> { 0..<min(Int(clamping: numbers[name] ?? 0), numbers.count) }

    private func seconds(_ name: String) -> Double? { numbers[name].map { Double($0) / 1e9 } }

    fileprivate var virtualCPUs: [VirtualCPU] {
        places("vcpu.maximum").compactMap { place in
            guard let state = self["vcpu.\(place).state"] else { return nil }
            var cpu = VirtualCPU()
            (cpu.number, cpu.state) = ("\(place)", Int(clamping: state))
            cpu.seconds = seconds("vcpu.\(place).time") ?? 0
            cpu.waitSeconds = seconds("vcpu.\(place).wait")
            cpu.delaySeconds = seconds("vcpu.\(place).delay")
            return cpu
        }
    }

    /// libvirt has KiB.
    fileprivate var memory: MachineMemory {
        func bytes(_ name: String) -> UInt64? {
            self["balloon.\(name)"]?.multipliedReportingOverflow(by: 1024).partialValue
        }
        var memory = MachineMemory()
        (memory.current, memory.maximum) = (bytes("current") ?? 0, bytes("maximum") ?? 0)
        (memory.resident, memory.unused) = (bytes("rss"), bytes("unused"))
        (memory.available, memory.usable) = (bytes("available"), bytes("usable"))
        (memory.swapIn, memory.swapOut) = (bytes("swap_in"), bytes("swap_out"))
        memory.diskCaches = bytes("disk_caches")
        return memory
    }

    fileprivate var disks: [MachineDisk] {
        places("block.count").compactMap { place in
            guard let name = texts["block.\(place).name"] else { return nil }
            func figure(_ name: String) -> UInt64? { self["block.\(place).\(name)"] }
            var disk = MachineDisk()
            (disk.device, disk.path) = (name, texts["block.\(place).path"])
            disk.traffic.readRequests = figure("rd.reqs") ?? 0
            disk.traffic.readBytes = figure("rd.bytes") ?? 0
            disk.traffic.readSeconds = Double(figure("rd.times") ?? 0) / 1e9
            disk.traffic.writeRequests = figure("wr.reqs") ?? 0
            disk.traffic.writeBytes = figure("wr.bytes") ?? 0
            disk.traffic.writeSeconds = Double(figure("wr.times") ?? 0) / 1e9
            disk.flushRequests = figure("fl.reqs") ?? 0
            disk.capacity = figure("capacity")
            disk.allocation = figure("allocation")
            disk.physical = figure("physical")
            return disk
        }
    }

    /// `rx` is what the machine receives.
    fileprivate var interfaces: [MachineInterface] {
        places("net.count").compactMap { place in
            guard let name = texts["net.\(place).name"] else { return nil }
            func figure(_ name: String) -> UInt64 { self["net.\(place).\(name)"] ?? 0 }
            var interface = MachineInterface()
            interface.interface = name
            interface.mac = texts["mac.\(name)"].flatMap { MACAddress($0) }.map { "\($0)" }
            interface.traffic.receiveBytes = figure("rx.bytes")
            interface.traffic.receivePackets = figure("rx.pkts")
            interface.traffic.receiveErrors = figure("rx.errs")
            interface.traffic.receiveDrops = figure("rx.drop")
            interface.traffic.transmitBytes = figure("tx.bytes")
            interface.traffic.transmitPackets = figure("tx.pkts")
            interface.traffic.transmitErrors = figure("tx.errs")
            interface.traffic.transmitDrops = figure("tx.drop")
            return interface
        }
    }
}
