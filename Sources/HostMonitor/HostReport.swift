// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// The host's own figures, of `/proc` and `/sys`.
package struct HostReport: ReportSection {
    package var hostname = ""
    /// Of the machine's firmware, or made of `/etc/machine-id`, as text with hyphens; nil where neither can be read.
    package var uuid: String?
    /// `x86_64`, `aarch64`.
    package var machineType = ""
    package var osName = ""
    package var osRelease = ""
    package var uptimeSeconds = 0.0
    package var cpu = HostCPU()
    package var memory = HostMemory()
    package var disks: [HostDisk] = []
    package var interfaces: [HostInterface] = []
    /// The file system of `/`.
    package var rootBytes: UInt64 = 0
    package var rootFreeBytes: UInt64 = 0

    package init() {}

    package static let facts = [
        Fact<Self>("hostname", \.hostname, "The host's name."),
        Fact("uuid", \.uuid, "The host's UUID; left out where it cannot be read."),
        Fact("machine_type", \.machineType, "Its processors: `x86_64`, `aarch64`."),
        Fact("os_name", \.osName, "Its system: `linux`."),
        Fact("os_release", \.osRelease, "The release of its kernel."),
        Fact("uptime_seconds", \.uptimeSeconds, "For how long it has run."),
        Fact(section: "cpu", \.cpu, "Its processors, all together."),
        Fact(section: "memory", \.memory, "Its memory."),
        Fact(sections: "disks", \.disks, "Its disks, without partitions.", label: "device", \.device),
        Fact(sections: "interfaces", \.interfaces, "Its network interfaces.", label: "device", \.interface),
        Fact("root_bytes", \.rootBytes, "The size of its root file system."),
        Fact("root_free_bytes", \.rootFreeBytes, "What is free there."),
    ]
}

/// Times are the sum over all CPUs, in seconds (proc_stat(5)).
package struct HostCPU: ReportSection {
    package var count = 0
    package var megahertz: Int?
    package var load1 = 0.0
    package var load5 = 0.0
    package var load15 = 0.0
    package var running: UInt64 = 0
    package var processes: UInt64 = 0
    package var user = 0.0
    package var nice = 0.0
    package var system = 0.0
    package var idle = 0.0
    package var ioWait = 0.0
    package var interrupt = 0.0
    package var softInterrupt = 0.0
    package var steal = 0.0
    package var guest = 0.0
    package var guestNice = 0.0
    package var interrupts: UInt64 = 0
    package var contextSwitches: UInt64 = 0
    /// 100 is all CPUs.
    package var busyPercent: Double?
    package var stealPercent: Double?

    package init() {}

    package static let facts = [
        Fact<Self>("count", \.count, "CPUs that are in use."),
        Fact("mhz", \.megahertz, "Their clock in MHz, of the first one."),
        Fact("load_1", \.load1, "Load of the last minute."),
        Fact("load_5", \.load5, "Load of the last five minutes."),
        Fact("load_15", \.load15, "Load of the last fifteen minutes."),
        Fact("processes_running", \.running, "Threads that run or could."),
        Fact("processes", \.processes, "Threads that there are."),
        Fact("user_seconds", \.user, "CPU time of programs, with that of machines."),
        Fact("nice_seconds", \.nice, "CPU time of programs of low priority."),
        Fact("system_seconds", \.system, "CPU time of the kernel."),
        Fact("idle_seconds", \.idle, "CPU time without work."),
        Fact("iowait_seconds", \.ioWait, "CPU time without work, waiting for disks."),
        Fact("irq_seconds", \.interrupt, "CPU time of interrupts."),
        Fact("softirq_seconds", \.softInterrupt, "CPU time of soft interrupts."),
        Fact("steal_seconds", \.steal, "CPU time that the hypervisor of this host gave to others."),
        Fact("guest_seconds", \.guest, "CPU time of machines."),
        Fact("guest_nice_seconds", \.guestNice, "CPU time of machines of low priority."),
        Fact("interrupts", \.interrupts, "Interrupts since the start."),
        Fact("context_switches", \.contextSwitches, "Context switches since the start."),
        Fact("busy_percent", \.busyPercent, "CPU time with work; 100 is all CPUs."),
        Fact("steal_percent", \.stealPercent, "CPU time that was given to others; 100 is all CPUs."),
    ]
}

/// In bytes, but for the counts of pages (proc_meminfo(5), `/proc/vmstat`).
package struct HostMemory: ReportSection {
    package var total: UInt64 = 0
    package var free: UInt64 = 0
    package var available: UInt64 = 0
    package var shared: UInt64 = 0
    package var buffers: UInt64 = 0
    package var cached: UInt64 = 0
    package var swapTotal: UInt64 = 0
    package var swapFree: UInt64 = 0
    package var pagesIn: UInt64 = 0
    package var pagesOut: UInt64 = 0
    package var swapPagesIn: UInt64 = 0
    package var swapPagesOut: UInt64 = 0

    package init() {}

    package static let facts = [
        Fact<Self>("total_bytes", \.total, "All of it."),
        Fact("free_bytes", \.free, "What nothing uses."),
        Fact("available_bytes", \.available, "What a new program could have without swapping."),
        Fact("shared_bytes", \.shared, "Shared memory."),
        Fact("buffer_bytes", \.buffers, "Buffers of block devices."),
        Fact("cached_bytes", \.cached, "Pages of files."),
        Fact("swap_total_bytes", \.swapTotal, "Room to swap to."),
        Fact("swap_free_bytes", \.swapFree, "What is free there."),
        Fact("pages_in", \.pagesIn, "KiB that were read from disks (`pgpgin`)."),
        Fact("pages_out", \.pagesOut, "KiB that were written to disks (`pgpgout`)."),
        Fact("swap_pages_in", \.swapPagesIn, "Pages that were read from swap."),
        Fact("swap_pages_out", \.swapPagesOut, "Pages that were written to swap."),
    ]
}

/// A disk of the host (`/proc/diskstats`).
package struct HostDisk: ReportSection {
    package var device = ""
    package var traffic = DiskTraffic()

    package init() {}

    package static let facts =
        [Fact<Self>("device", \.device, "The name of the device.")] + Fact.all(of: \.traffic)
}

/// What was read from a disk and written to it.
package struct DiskTraffic: ReportSection {
    package var readRequests: UInt64 = 0
    package var readBytes: UInt64 = 0
    package var readSeconds = 0.0
    package var writeRequests: UInt64 = 0
    package var writeBytes: UInt64 = 0
    package var writeSeconds = 0.0
    package var readBytesPerSecond: Double?
    package var writeBytesPerSecond: Double?

    package init() {}

    package static let facts = [
        Fact<Self>("read_requests", \.readRequests, "Reads."),
        Fact("read_bytes", \.readBytes, "Bytes that were read."),
        Fact("read_seconds", \.readSeconds, "Time that reads took, added up."),
        Fact("write_requests", \.writeRequests, "Writes."),
        Fact("write_bytes", \.writeBytes, "Bytes that were written."),
        Fact("write_seconds", \.writeSeconds, "Time that writes took, added up."),
        Fact("read_bytes_per_second", \.readBytesPerSecond, "The rate of reading."),
        Fact("write_bytes_per_second", \.writeBytesPerSecond, "The rate of writing."),
    ]
}

/// A network interface of the host, as the kernel counts it (`/proc/net/dev`).
package struct HostInterface: ReportSection {
    package var interface = ""
    package var index = 0
    /// As text; nil where it has none.
    package var mac: String?
    /// Bits a second; nil where the driver does not say.
    package var speed: UInt64?
    package var isUp = false
    /// Whether a device of the machine is behind it (`/sys/class/net/NAME/device`); nil where that was not looked up.
    package var isPhysical: Bool?
    package var traffic = InterfaceTraffic()

    package init() {}

    package static let facts =
        [
            Fact<Self>("interface", \.interface, "The name of the interface."),
            Fact("index", \.index, "The kernel's index of it."),
            Fact("mac", \.mac, "Its MAC address; left out where it has none."),
            Fact("speed_bps", \.speed, "Its speed in bits a second; left out where the driver does not say."),
            Fact("up", \.isUp, "Whether it can carry frames."),
            Fact(
                "physical", \.isPhysical,
                "Whether a device of the machine is behind it; left out where that is not known."),
        ] + Fact.all(of: \.traffic)
}

/// What an interface has received and sent, in frames.
package struct InterfaceTraffic: ReportSection {
    package var receiveBytes: UInt64 = 0
    package var receivePackets: UInt64 = 0
    package var receiveErrors: UInt64 = 0
    package var receiveDrops: UInt64 = 0
    package var transmitBytes: UInt64 = 0
    package var transmitPackets: UInt64 = 0
    package var transmitErrors: UInt64 = 0
    package var transmitDrops: UInt64 = 0
    package var receiveBytesPerSecond: Double?
    package var transmitBytesPerSecond: Double?

    package init() {}

    package static let facts = [
        Fact<Self>("receive_bytes", \.receiveBytes, "Bytes of the frames that were received."),
        Fact("receive_packets", \.receivePackets, "Frames that were received."),
        Fact("receive_errors", \.receiveErrors, "Errors of receiving."),
        Fact("receive_drops", \.receiveDrops, "Frames that were received and dropped."),
        Fact("transmit_bytes", \.transmitBytes, "Bytes of the frames that were sent."),
        Fact("transmit_packets", \.transmitPackets, "Frames that were sent."),
        Fact("transmit_errors", \.transmitErrors, "Errors of sending."),
        Fact("transmit_drops", \.transmitDrops, "Frames that were to be sent and were dropped."),
        Fact("receive_bytes_per_second", \.receiveBytesPerSecond, "The rate of receiving."),
        Fact("transmit_bytes_per_second", \.transmitBytesPerSecond, "The rate of sending."),
    ]
}
