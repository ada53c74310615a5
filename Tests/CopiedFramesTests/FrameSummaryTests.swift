// SPDX-License-Identifier: Apache-2.0

import CopiedFrames
import FlowModel
import FlowTestKit
import Testing

/// What frames are said to be, beside the parser that the kernel's programs are tested against.
@Suite struct FrameSummaryTests {
    @Test func `addresses, transport and ports of every kind of frame are those that the reference finds`() {
        let all = FrameTable.transports + FrameTable.tags
        for frame in all {
            let expected = ReferenceParser.classify(frame.bytes)
            guard expected.kind == .ip, let flow = expected.flow else { continue }
            let summary = FrameSummary(frame.bytes)
            #expect(summary.source == flow.source && summary.destination == flow.destination, "\(frame)")
            #expect(summary.transport == flow.transport && summary.vlan ?? 0 == flow.vlanID, "\(frame)")
            #expect((summary.ports?.source ?? 0) == flow.sourcePort, "\(frame)")
            #expect((summary.ports?.destination ?? 0) == flow.destinationPort, "\(frame)")
        }
    }

    @Test func `a frame is a few words`() {
        func text(_ layers: Layer...) -> String { FrameSummary(Frame(layers).bytes).text }
        let v4 = Layer.ipv4(from: "10.0.0.1", to: "10.0.0.2")
        #expect(text(.ethernet(), v4, .udp(from: 1000, to: 53)) == "udp 10.0.0.1:1000 > 10.0.0.2:53")
        #expect(text(.ethernet(), .vlan(7), v4, .icmp(type: 8)) == "vlan 7 icmp 10.0.0.1 > 10.0.0.2 type 8 code 0")
        #expect(
            text(.ethernet(), .ipv6(from: "fd00::1", to: "fd00::2"), .tcp(from: 5, to: 443))
                == "tcp [fd00::1]:5 > [fd00::2]:443")
        #expect(text(.ethernet(), v4, .payload(40, protocol: 50)) == "esp 10.0.0.1 > 10.0.0.2")
        let addresses: [UInt8] = [255, 255, 255, 255, 255, 255, 2, 0, 0, 0, 0, 9]
        #expect(FrameSummary(addresses + [0x08, 0x06]).text == "arp 02:00:00:00:00:09 > ff:ff:ff:ff:ff:ff")
        #expect(FrameSummary(addresses + [0x12, 0x34]).text == "0x1234 02:00:00:00:00:09 > ff:ff:ff:ff:ff:ff")
        #expect(FrameSummary([]).text == "short" && FrameSummary(Array(addresses.prefix(9))).text == "short")
    }

    @Test func `of a frame that is cut anywhere nothing is said that is not there`() {
        for frame in FrameTable.transports {
            let whole = FrameSummary(frame.bytes)
            for length in 0..<frame.bytes.count {
                let cut = FrameSummary(Array(frame.bytes.prefix(length)))
                #expect(cut.ports == nil || cut.ports == whole.ports, "\(frame), \(length) bytes")
            }
        }
    }
}
