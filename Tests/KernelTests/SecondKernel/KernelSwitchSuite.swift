// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import Testing

extension SecondKernel {
    /// Ports of Open vSwitch whose frames the kernel's own module forwards, as most hosts have them.
    @Suite struct KernelSwitchSuite {
        /// What one sends all others receive: both directions of each port have a witness, the tap's own descriptor.
        @Test func framesOfEachGuestAreInTheRecordsOfAllPorts() throws {
            try GuestSwitch.with(.kernel, isAttachedFirst: false) { guests in
                let hook = try RealInterfaces.tcHook
                #expect(guests.ports.allSatisfy { $0.fromHook == hook && $0.toHook == hook })
                try guests.send(GuestSwitch.frames.map { TapFrame($0) }, from: 0)
                let half = Array(GuestSwitch.frames.prefix(20))
                try guests.send(half.map { TapFrame($0) }, from: 1)
                let few = Array(GuestSwitch.frames.suffix(12))
                try guests.sendFromPair(few)
                for (port, sent) in [GuestSwitch.frames, half, few].enumerated() {
                    let name = GuestSwitch.names[port]
                    #expect(try guests.recorded(port, .egress) == GuestSwitch.counts(sent), "from \(name)")
                    #expect(try guests.recorded(port, .ingress) == guests.receivedCounts(port), "to \(name)")
                    let others = GuestSwitch.frames.count + half.count + few.count - sent.count
                    #expect(guests.receivedFrames(port).count == others, "\(name) receives what the others send")
                }
            }
        }

        /// The guest says only how long a segment is; the kernel cuts the frame before it gives it to another guest.
        @Test func superFramesAreCountedAsTheSegmentsThatTheOthersReceive() throws {
            try GuestSwitch.with(.kernel, isAttachedFirst: false) { guests in
                for (internet, isIPv4) in [(Layer.ipv4(dontFragment: true), true), (.ipv6(), false)] {
                    let frame = Frame(
                        .ethernet(), internet, .tcp(from: 1, to: 2, flags: [.ack, .psh]), .payload(30_001))
                    let superFrame = TapFrame(frame, isIPv4: isIPv4, transport: 2, segment: 1400)
                    try guests.send([superFrame], from: 0, arrivingAs: Self.segments)
                }
                #expect(guests.receivedFrames(1).count == 2 * Self.segments)
                let sent = try guests.recorded(0, .egress)
                #expect(sent == guests.receivedCounts(1), "what one guest sends another receives")
                #expect(try guests.recorded(1, .ingress) == sent)
                #expect(try guests.recorded(2, .ingress) == guests.receivedCounts(2))
                let headers = [40, 60].map { UInt64(Self.segments * $0) }
                #expect(sent.flows.values.map(\.count.octets).sorted() == headers.map { 30_001 + $0 })
            }
        }

        /// 30,001 bytes by 1,400.
        private static let segments = 22

        /// Open vSwitch polices by a qdisc in the place of ours; where it polices nothing it must leave ours alone, also when it
        /// starts again.
        @Test func whatIsAttachedBeforeTheSwitchTakesThePortGoesOnCounting() throws {
            try GuestSwitch.with(.kernel, isAttachedFirst: true) { guests in
                let frames = Array(GuestSwitch.frames.prefix(10))
                for round in 1...2 {
                    #expect(try guests.ports.allSatisfy { try guests.installation.isAlive($0) })
                    try guests.send(frames.map { TapFrame($0) }, from: 0)
                    let sent = Array(repeating: frames, count: round).flatMap(\.self)
                    #expect(try guests.recorded(0, .egress) == GuestSwitch.counts(sent))
                    #expect(try guests.recorded(1, .ingress) == guests.receivedCounts(1))
                    try guests.restartSwitch()
                }
            }
        }
    }
}
