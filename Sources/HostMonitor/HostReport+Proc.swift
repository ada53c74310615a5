// SPDX-License-Identifier: Apache-2.0

extension HostCPU {
    /// Takes the text of `/proc/stat`.
    ///
    /// - Parameter ticksPerSecond: sysconf(_SC_CLK_TCK).
    mutating func take(stat text: String, ticksPerSecond: Double) {
        count = 0
        for fields in ProcText.lines(text) {
            guard let name = fields.first else { continue }
            switch name {
            case "cpu": take(times: fields.dropFirst().map { Double($0) ?? 0 }.map { $0 / ticksPerSecond })
            case "intr": interrupts = fields.number(1)
            case "ctxt": contextSwitches = fields.number(1)
            default: if name.hasPrefix("cpu") { count += 1 }
            }
        }
    }

    /// Kernels before 2.6.33 have fewer.
    private mutating func take(times: [Double]) {
        let places: [WritableKeyPath<HostCPU, Double>] = [
            \.user, \.nice, \.system, \.idle, \.ioWait, \.interrupt, \.softInterrupt, \.steal, \.guest, \.guestNice,
        ]
        for (place, time) in zip(places, times) { self[keyPath: place] = time }
    }

    /// Takes the text of `/proc/loadavg`: `0.20 0.18 0.12 1/80 11206`.
    mutating func take(load text: String) {
        guard let fields = ProcText.lines(text).first, fields.count >= 4 else { return }
        (load1, load5, load15) = (Double(fields[0]) ?? 0, Double(fields[1]) ?? 0, Double(fields[2]) ?? 0)
        let threads = fields[3].split(separator: "/")
        (running, processes) = (threads.number(0), threads.number(1))
    }

    /// Takes the text of `/proc/cpuinfo`, or its beginning. Only some kinds of processors say it.
    mutating func take(information text: String) {
        let line = text.split(separator: "\n").first { $0.hasPrefix("cpu MHz") }
        megahertz = line?.split(separator: ":").last.flatMap { Double($0.drop { $0 == " " }) }.map { Int($0) }
    }
}

extension HostMemory {
    /// Takes the text of `/proc/meminfo`, which has KiB.
    mutating func take(information text: String) {
        let numbers = ProcText.numbers(text)
        func bytes(_ name: Substring) -> UInt64 { (numbers[name] ?? 0) * 1024 }
        (total, free, available) = (bytes("MemTotal"), bytes("MemFree"), bytes("MemAvailable"))
        (shared, buffers, cached) = (bytes("Shmem"), bytes("Buffers"), bytes("Cached"))
        (swapTotal, swapFree) = (bytes("SwapTotal"), bytes("SwapFree"))
    }

    /// Takes the text of `/proc/vmstat`.
    mutating func take(counters text: String) {
        let numbers = ProcText.numbers(text)
        (pagesIn, pagesOut) = (numbers["pgpgin"] ?? 0, numbers["pgpgout"] ?? 0)
        (swapPagesIn, swapPagesOut) = (numbers["pswpin"] ?? 0, numbers["pswpout"] ?? 0)
    }
}

extension HostDisk {
    /// The disks of the text of `/proc/diskstats` that were ever used.
    ///
    /// - Parameter isWhole: whether a device is a disk, not a part of one.
    static func list(_ text: String, isWhole: (String) -> Bool) -> [HostDisk] {
        ProcText.lines(text).compactMap { fields in
            guard fields.count >= 14, fields.number(3) + fields.number(7) > 0, isWhole(String(fields[2])) else {
                return nil
            }
            var disk = HostDisk()
            disk.device = String(fields[2])
            disk.traffic.readRequests = fields.number(3)
            // The kernel counts sectors of 512 bytes here, whatever the disk has (Documentation/admin-guide/iostats.rst).
            disk.traffic.readBytes = fields.number(5) * 512
            disk.traffic.readSeconds = Double(fields.number(6)) / 1000
            disk.traffic.writeRequests = fields.number(7)
            disk.traffic.writeBytes = fields.number(9) * 512
            disk.traffic.writeSeconds = Double(fields.number(10)) / 1000
            return disk
        }
    }
}

extension HostInterface {
    /// The interfaces of the text of `/proc/net/dev`, with what is counted there.
    static func list(_ text: String) -> [HostInterface] {
        text.split(separator: "\n").dropFirst(2).compactMap { line in
            // A name has no colon, and nothing has to be between the colon and the first number.
            guard let colon = line.firstIndex(of: ":") else { return nil }
            let fields = line[line.index(after: colon)...].split(separator: " ")
            guard fields.count >= 12 else { return nil }
            var interface = HostInterface()
            interface.interface = String(line[..<colon].drop { $0 == " " })
            interface.traffic.receiveBytes = fields.number(0)
            interface.traffic.receivePackets = fields.number(1)
            interface.traffic.receiveErrors = fields.number(2)
            interface.traffic.receiveDrops = fields.number(3)
            interface.traffic.transmitBytes = fields.number(8)
            interface.traffic.transmitPackets = fields.number(9)
            interface.traffic.transmitErrors = fields.number(10)
            interface.traffic.transmitDrops = fields.number(11)
            return interface
        }
    }
}
