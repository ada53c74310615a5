// SPDX-License-Identifier: Apache-2.0

/// How fast counters grew between two readings. A counter that went backwards began anew: there is no rate of it then.
struct Interval {
    let seconds: Double

    func rate(from old: UInt64, to new: UInt64) -> Double? {
        seconds > 0 && new >= old ? Double(new - old) / seconds : nil
    }

    /// Of a time that something was in use: 100 is all the time of one.
    func percent(from old: Double, to new: Double) -> Double? {
        seconds > 0 && new >= old ? (new - old) / seconds * 100 : nil
    }
}

extension HostReport {
    mutating func addRates(since old: HostReport, over interval: Interval) {
        cpu.addRates(since: old.cpu)
        let disks = Dictionary(old.disks.map { ($0.device, $0) }) { first, _ in first }
        for index in self.disks.indices {
            guard let old = disks[self.disks[index].device] else { continue }
            self.disks[index].traffic.addRates(since: old.traffic, over: interval)
        }
        let interfaces = Dictionary(old.interfaces.map { ($0.index, $0) }) { first, _ in first }
        for index in self.interfaces.indices {
            guard let old = interfaces[self.interfaces[index].index] else { continue }
            self.interfaces[index].traffic.addRates(since: old.traffic, over: interval)
        }
    }
}

extension HostCPU {
    /// Of the time that the kernel has counted meanwhile, which is not exactly what has passed.
    fileprivate mutating func addRates(since old: HostCPU) {
        let passed = all - old.all
        guard passed > 0, count == old.count else { return }
        busyPercent = min(100, max(0, (work - old.work) / passed * 100))
        stealPercent = min(100, max(0, (steal - old.steal) / passed * 100))
    }

    /// The time of guests is in that of users already.
    private var work: Double { user + nice + system + interrupt + softInterrupt }
    private var all: Double { work + idle + ioWait + steal }
}

extension DiskTraffic {
    mutating func addRates(since old: DiskTraffic, over interval: Interval) {
        readBytesPerSecond = interval.rate(from: old.readBytes, to: readBytes)
        writeBytesPerSecond = interval.rate(from: old.writeBytes, to: writeBytes)
    }
}

extension InterfaceTraffic {
    mutating func addRates(since old: InterfaceTraffic, over interval: Interval) {
        receiveBytesPerSecond = interval.rate(from: old.receiveBytes, to: receiveBytes)
        transmitBytesPerSecond = interval.rate(from: old.transmitBytes, to: transmitBytes)
    }
}

extension PortTraffic {
    mutating func addRates(since old: PortTraffic, over interval: Interval) {
        packetsPerSecond = interval.rate(from: old.packets, to: packets)
        bytesPerSecond = interval.rate(from: old.bytes, to: bytes)
    }
}
