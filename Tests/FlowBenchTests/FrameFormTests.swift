// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowModel
import FlowTestKit
import Testing

@Suite struct FrameFormTests {
    private static let sources: [(UInt32, IPAddress, UInt16)] = [
        (0, "10.0.0.0", 0x8000), (63, "10.0.0.0", 0x803f), (64, "10.0.0.1", 0x8000),
    ]

    @Test(arguments: sources)
    func sixtyFourFlowsShareAnIPv4Address(flow: UInt32, address: IPAddress, port: UInt16) {
        #expect(FrameForm.ipv4.source(of: flow) == (address, port))
    }

    @Test func theLastFlowIsStillInTheNetwork() {
        #expect(FrameForm.ipv4.source(of: (1 << 30) - 1).address == "10.255.255.255")
    }

    @Test func ipv6CountsInTheLowHalfOfTheAddress() {
        #expect(FrameForm.ipv6.source(of: 65 * 64).address == "2001:db8::41")
    }

    @Test func everyFormHasItsOwnNameAndIsAWholeFrame() {
        #expect(Set(FrameForm.all.map(\.name)).count == FrameForm.all.count)
        #expect(FrameForm.all.allSatisfy { $0.bytes.count >= 60 })
    }
}
