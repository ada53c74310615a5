// SPDX-License-Identifier: Apache-2.0

/// `if_counters` of sflow_version_5.txt, after the interface table of RFC 2863.
package struct SFlowInterface: SFlowRecord {
    package static let format: UInt32 = 1

    /// One direction.
    package struct Counts: Equatable, Sendable {
        package var octets: UInt64?
        package var unicast: UInt64?
        package var multicast: UInt64?
        package var broadcast: UInt64?
        package var discards: UInt64?
        package var errors: UInt64?
        /// Of what comes in.
        package var unknownProtocols: UInt64?

        package init() {}
    }

    package var index: UInt32
    /// Bits a second.
    package var speed: UInt64?
    /// nil where it is not known.
    package var isUp: Bool?
    package var input = Counts()
    package var output = Counts()

    package init(index: UInt32) { self.index = index }

    /// `ethernetCsmacd` of IANAifType.
    private static let ethernet: UInt32 = 6
    /// Duplex is not known.
    private static let unknownDirection: UInt32 = 0

    package func append(to bytes: inout XDRBytes) {
        bytes.append(index)
        bytes.append(Self.ethernet)
        bytes.append(wideGauge: speed)
        bytes.append(Self.unknownDirection)
        // The lowest bit: up as its administrator wants it; the next: up as it is.
        bytes.append(isUp.map { $0 ? UInt32(3) : 1 } ?? 0)
        append(input, to: &bytes)
        bytes.append(counter: input.unknownProtocols)
        append(output, to: &bytes)
        // Promiscuous mode: not known.
        bytes.append(gauge: nil)
    }

    private func append(_ counts: Counts, to bytes: inout XDRBytes) {
        bytes.append(wideCounter: counts.octets)
        for counter in [counts.unicast, counts.multicast, counts.broadcast, counts.discards, counts.errors] {
            bytes.append(counter: counter)
        }
    }
}

/// `port_name`.
package struct SFlowPortName: SFlowRecord {
    package static let format: UInt32 = 1005

    package var name: String

    package init(_ name: String) { self.name = name }

    package func append(to bytes: inout XDRBytes) { bytes.append(name, atMost: 255) }
}
