// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Testing

@testable import CopyDelivery

@Suite struct VXLANTests {
    /// RFC 7348 §5: flags with the I bit, 24 reserved bits, the VNI, 8 reserved bits; the frame begins behind them.
    @Test func `a datagram has the header of the RFC before the frame`() {
        let frame = Frame(.ethernet(), .ipv4(from: "10.0.0.1", to: "10.0.0.2"), .udp(from: 1, to: 2), .payload(6)).bytes
        let datagram = VXLAN.datagram(frame, vni: 0xabcdef)
        #expect(datagram[..<1] == [0x08])
        #expect(datagram[1..<4] == [0, 0, 0])
        #expect(datagram[4..<7] == [0xab, 0xcd, 0xef])
        #expect(datagram[7] == 0)
        #expect(Array(datagram[8...]) == frame)
        #expect(VXLAN.datagram([], vni: 1) == [8, 0, 0, 0, 0, 0, 1, 0])
    }
}
