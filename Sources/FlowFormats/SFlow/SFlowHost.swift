// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Structures of sflow_host.txt that a host and a machine have in common. Fields stand in the order of the specification.

/// `host_descr`.
package struct SFlowDescription: SFlowRecord {
    package static let format: UInt32 = 2000

    package var hostname = ""
    /// 16 bytes; zeros where it is not known.
    package var uuid = [UInt8](repeating: 0, count: 16)
    package var machineType = SFlowMachineType.unknown
    package var osName = SFlowOSName.unknown
    package var osRelease = ""

    package init() {}

    package func append(to bytes: inout XDRBytes) {
        bytes.append(hostname, atMost: 64)
        bytes.append(fixed: uuid)
        bytes.append(machineType.rawValue)
        bytes.append(osName.rawValue)
        bytes.append(osRelease, atMost: 32)
    }
}

/// `machine_type`.
package enum SFlowMachineType: UInt32, Sendable {
    case unknown = 0
    case other = 1
    case x86 = 2
    case x86With64Bits = 3
    case ia64 = 4
    case sparc = 5
    case alpha = 6
    case powerpc = 7
    case m68k = 8
    case mips = 9
    case arm = 10
    case hppa = 11
    case s390 = 12
}

/// `os_name`, of which Weir runs on one.
package enum SFlowOSName: UInt32, Sendable {
    case unknown = 0
    case other = 1
    case linux = 2
}

/// `host_adapters`.
package struct SFlowAdapters: SFlowRecord {
    package static let format: UInt32 = 2001

    package struct Adapter: Equatable, Sendable {
        package var index: UInt32
        package var macs: [MACAddress]

        package init(index: UInt32, macs: [MACAddress]) {
            self.index = index
            self.macs = macs
        }
    }

    /// So many fit into a datagram beside all that a host has.
    package static let most = 48

    package var adapters: [Adapter]

    package init(_ adapters: [Adapter]) { self.adapters = adapters }

    package func append(to bytes: inout XDRBytes) {
        let adapters = adapters.prefix(Self.most)
        bytes.append(UInt32(adapters.count))
        for adapter in adapters {
            bytes.append(adapter.index)
            bytes.append(UInt32(adapter.macs.count))
            for mac in adapter.macs { bytes.append(fixed: (0..<6).map(mac.byte)) }
        }
    }
}

/// `host_parent`: which source a machine runs on.
package struct SFlowParent: SFlowRecord {
    package static let format: UInt32 = 2002

    package var source: SFlowSource

    package init(_ source: SFlowSource) { self.source = source }

    package func append(to bytes: inout XDRBytes) {
        bytes.append(source.kind.rawValue)
        bytes.append(source.index)
    }
}

/// Counters of interfaces together: `host_net_io`, and `virt_net_io` with the same fields.
package struct SFlowInterfaceIO: Equatable, Sendable {
    package var bytesIn: UInt64?
    package var packetsIn: UInt64?
    package var errorsIn: UInt64?
    package var dropsIn: UInt64?
    package var bytesOut: UInt64?
    package var packetsOut: UInt64?
    package var errorsOut: UInt64?
    package var dropsOut: UInt64?

    package init() {}

    fileprivate func append(to bytes: inout XDRBytes) {
        bytes.append(wideCounter: bytesIn)
        for counter in [packetsIn, errorsIn, dropsIn] { bytes.append(counter: counter) }
        bytes.append(wideCounter: bytesOut)
        for counter in [packetsOut, errorsOut, dropsOut] { bytes.append(counter: counter) }
    }
}

/// `host_net_io`.
package struct SFlowHostNetIO: SFlowRecord {
    package static let format: UInt32 = 2006

    package var traffic: SFlowInterfaceIO

    package init(_ traffic: SFlowInterfaceIO) { self.traffic = traffic }

    package func append(to bytes: inout XDRBytes) { traffic.append(to: &bytes) }
}

/// `virt_net_io`; in is to the machine.
package struct SFlowMachineNetIO: SFlowRecord {
    package static let format: UInt32 = 2104

    package var traffic: SFlowInterfaceIO

    package init(_ traffic: SFlowInterfaceIO) { self.traffic = traffic }

    package func append(to bytes: inout XDRBytes) { traffic.append(to: &bytes) }
}
