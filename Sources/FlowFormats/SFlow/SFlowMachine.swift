// SPDX-License-Identifier: Apache-2.0

/// Structures of sflow_host.txt that only a machine has. Fields stand in the order of the specification.

/// `virt_cpu`.
package struct SFlowMachineCPU: SFlowRecord {
    package static let format: UInt32 = 2101

    /// The number of `virDomainState`.
    package var state: UInt64?
    /// A datagram has milliseconds.
    package var seconds: Double?
    package var cpus: UInt64?

    package init() {}

    package func append(to bytes: inout XDRBytes) {
        bytes.append(gauge: state)
        bytes.append(milliseconds: seconds)
        bytes.append(gauge: cpus)
    }
}

/// `virt_memory`, in bytes.
package struct SFlowMachineMemory: SFlowRecord {
    package static let format: UInt32 = 2102

    package var memory: UInt64?
    package var maximum: UInt64?

    package init() {}

    package func append(to bytes: inout XDRBytes) {
        for gauge in [memory, maximum] { bytes.append(wideGauge: gauge) }
    }
}

/// `virt_disk_io`, of all disks together.
package struct SFlowMachineDiskIO: SFlowRecord {
    package static let format: UInt32 = 2103

    package var capacity: UInt64?
    package var allocation: UInt64?
    package var available: UInt64?
    package var readRequests: UInt64?
    package var readBytes: UInt64?
    package var writeRequests: UInt64?
    package var writeBytes: UInt64?
    package var errors: UInt64?

    package init() {}

    package func append(to bytes: inout XDRBytes) {
        for gauge in [capacity, allocation, available] { bytes.append(wideGauge: gauge) }
        bytes.append(counter: readRequests)
        bytes.append(wideCounter: readBytes)
        bytes.append(counter: writeRequests)
        bytes.append(wideCounter: writeBytes)
        bytes.append(counter: errors)
    }
}
