// SPDX-License-Identifier: Apache-2.0

/// `sampled_header` (sflow_version_5.txt, 5): the beginning of a packet.
package struct SFlowSampledHeader: SFlowRecord {
    package static let format: UInt32 = 1

    package var packet: WirePacket

    package init(_ packet: WirePacket) { self.packet = packet }

    /// `ETHERNET-ISO88023` of header_protocol.
    private static let ethernet: UInt32 = 1
    /// The check sequence of a frame, which its length has and which no host keeps.
    private static let checkSequence: UInt32 = 4

    package func append(to bytes: inout XDRBytes) {
        bytes.append(Self.ethernet)
        bytes.append(packet.length + Self.checkSequence)
        bytes.append(Self.checkSequence)
        bytes.append(variable: packet.header)
    }
}

/// `extended_switch`: the VLAN of a packet on the side of the host that it was seen at. Of the other side nothing is known.
package struct SFlowSwitch: SFlowRecord {
    package static let format: UInt32 = 1001

    package var tag: VLANTag
    /// Whether it was seen where it came in.
    package var isSource: Bool

    package init(_ tag: VLANTag, isSource: Bool) {
        self.tag = tag
        self.isSource = isSource
    }

    package func append(to bytes: inout XDRBytes) {
        for isThisSide in [isSource, !isSource] {
            bytes.append(isThisSide ? UInt32(tag.id) : 0)
            bytes.append(isThisSide ? UInt32(tag.priority) : 0)
        }
    }
}
