// SPDX-License-Identifier: Apache-2.0

/// Structures of sflow_host.txt that only a host has. Fields stand in the order of the specification.

/// `host_cpu`. Times are the sum over all CPUs, in seconds; a datagram has milliseconds.
package struct SFlowHostCPU: SFlowRecord {
    package static let format: UInt32 = 2003

    package var load1 = 0.0
    package var load5 = 0.0
    package var load15 = 0.0
    package var running: UInt64?
    package var processes: UInt64?
    package var count: UInt64?
    package var megahertz: UInt64?
    package var uptimeSeconds: UInt64?
    package var user: Double?
    package var nice: Double?
    package var system: Double?
    package var idle: Double?
    package var ioWait: Double?
    package var interrupt: Double?
    package var softInterrupt: Double?
    package var interrupts: UInt64?
    package var contextSwitches: UInt64?
    package var steal: Double?
    package var guest: Double?
    package var guestNice: Double?

    package init() {}

    package func append(to bytes: inout XDRBytes) {
        for load in [load1, load5, load15] { bytes.append(Float(load)) }
        for gauge in [running, processes, count, megahertz, uptimeSeconds] { bytes.append(gauge: gauge) }
        for time in [user, nice, system, idle, ioWait, interrupt, softInterrupt] { bytes.append(milliseconds: time) }
        for counter in [interrupts, contextSwitches] { bytes.append(counter: counter) }
        for time in [steal, guest, guestNice] { bytes.append(milliseconds: time) }
    }
}

/// `host_memory`, in bytes, and counts of pages.
package struct SFlowHostMemory: SFlowRecord {
    package static let format: UInt32 = 2004

    package var total: UInt64?
    package var free: UInt64?
    package var shared: UInt64?
    package var buffers: UInt64?
    package var cached: UInt64?
    package var swapTotal: UInt64?
    package var swapFree: UInt64?
    package var pagesIn: UInt64?
    package var pagesOut: UInt64?
    package var swapPagesIn: UInt64?
    package var swapPagesOut: UInt64?

    package init() {}

    package func append(to bytes: inout XDRBytes) {
        for gauge in [total, free, shared, buffers, cached, swapTotal, swapFree] { bytes.append(wideGauge: gauge) }
        for counter in [pagesIn, pagesOut, swapPagesIn, swapPagesOut] { bytes.append(counter: counter) }
    }
}

/// `host_disk_io`.
package struct SFlowHostDiskIO: SFlowRecord {
    package static let format: UInt32 = 2005

    package var total: UInt64?
    package var free: UInt64?
    /// Of the fullest partition, in hundredths of a per cent.
    package var mostUsed: UInt64?
    package var reads: UInt64?
    package var bytesRead: UInt64?
    package var readSeconds: Double?
    package var writes: UInt64?
    package var bytesWritten: UInt64?
    package var writeSeconds: Double?

    package init() {}

    package func append(to bytes: inout XDRBytes) {
        for gauge in [total, free] { bytes.append(wideGauge: gauge) }
        bytes.append(gauge: mostUsed)
        bytes.append(counter: reads)
        bytes.append(wideCounter: bytesRead)
        bytes.append(milliseconds: readSeconds)
        bytes.append(counter: writes)
        bytes.append(wideCounter: bytesWritten)
        bytes.append(milliseconds: writeSeconds)
    }
}

/// `virt_node`: what a host has for machines.
package struct SFlowNode: SFlowRecord {
    package static let format: UInt32 = 2100

    package var megahertz: UInt64?
    package var cpus: UInt64?
    package var memory: UInt64?
    package var memoryFree: UInt64?
    /// Those that run.
    package var machines: UInt64?

    package init() {}

    package func append(to bytes: inout XDRBytes) {
        for gauge in [megahertz, cpus] { bytes.append(gauge: gauge) }
        for gauge in [memory, memoryFree] { bytes.append(wideGauge: gauge) }
        bytes.append(gauge: machines)
    }
}
