// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowModel
import FlowTestKit
import Testing

extension SecondKernel {
    /// Taps and a pair that Open vSwitch reads through AF_XDP.
    @Suite struct TapAFXDPSuite {
        @Test(arguments: XDPMode.allCases)
        func framesFromAndToEachGuestAreInTheRecordsOfItsPort(_ mode: XDPMode) throws {
            try GuestSwitch.with(.afxdp(mode), isAttachedFirst: true) { guests in
                #expect(guests.ports.allSatisfy { $0.fromHook == .xsk && $0.toHook == .fentry && $0.xdpMode == mode })
                let some = Array(GuestSwitch.frames.suffix(24))
                try guests.send(GuestSwitch.frames.map { TapFrame($0) }, from: 0)
                try guests.send(some.map { TapFrame($0) }, from: 1)
                try guests.sendFromPair(some)
                for (port, sent) in [GuestSwitch.frames, some, some].enumerated() {
                    let name = GuestSwitch.names[port]
                    #expect(try guests.recorded(port, .egress) == GuestSwitch.counts(sent), "from \(name)")
                    let others = GuestSwitch.frames.count + 2 * some.count - sent.count
                    #expect(guests.receivedFrames(port).count == others, "\(name) receives what the others send")
                    #expect(try guests.recorded(port, .ingress) == guests.receivedCounts(port), "to \(name)")
                }
                #expect(try guests.installation.installation.missedFrames == 0)
            }
        }
    }
}
