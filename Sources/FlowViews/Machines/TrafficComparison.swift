// SPDX-License-Identifier: Apache-2.0

import HostMonitor

/// An interface of a machine as libvirt counts it, and as Weir does.
///
/// libvirt counts frames since the interface was made, with their Ethernet header of 14 bytes. Weir counts packets since the port was attached,
/// from the IP header on; a frame that is to be cut into segments later counts as these. So the two agree exactly where the port was attached
/// before its first frame, and nothing is cut later; `docs/monitor.md` says more.
package struct TrafficComparison: Encodable, Equatable, Sendable {
    package struct Direction: Encodable, Equatable, Sendable {
        package var libvirtFrames: UInt64
        package var libvirtBytes: UInt64
        /// nil where the port is not measured.
        package var packets: UInt64?
        /// Of these packets, each with an Ethernet header.
        package var frameBytes: UInt64?

        enum CodingKeys: String, CodingKey {
            case packets
            case libvirtFrames = "libvirt_frames"
            case libvirtBytes = "libvirt_bytes"
            case frameBytes = "frame_bytes"
            case difference = "difference_bytes"
        }

        /// What libvirt has more.
        package var difference: Int64? { frameBytes.map { Int64(libvirtBytes) - Int64($0) } }

        init(_ frames: UInt64, _ bytes: UInt64, _ traffic: PortTraffic?) {
            (libvirtFrames, libvirtBytes) = (frames, bytes)
            packets = traffic?.packets
            frameBytes = traffic.map { $0.bytes + 14 * $0.packets }
        }

        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(libvirtFrames, forKey: .libvirtFrames)
            try container.encode(libvirtBytes, forKey: .libvirtBytes)
            try container.encodeIfPresent(packets, forKey: .packets)
            try container.encodeIfPresent(frameBytes, forKey: .frameBytes)
            try container.encodeIfPresent(difference, forKey: .difference)
        }
    }

    package let interface: String
    /// To the machine.
    package let ingress: Direction
    /// From the machine.
    package let egress: Direction

    package static func all(of entry: MachineEntry) -> [TrafficComparison] {
        (entry.machine?.interfaces ?? []).map { interface in
            let port = entry.ports.first { $0.interface == interface.interface }
            let traffic = interface.traffic
            return TrafficComparison(
                interface: interface.interface,
                ingress: Direction(traffic.receivePackets, traffic.receiveBytes, port?.ingress),
                egress: Direction(traffic.transmitPackets, traffic.transmitBytes, port?.egress))
        }
    }
}
