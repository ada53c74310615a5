// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import TapService
import Testing

extension RealInterfaces {
    /// What sessions withhold, cut and refuse: all that matched is mirrored, withheld or failed, and what is mirrored arrives.
    @Suite struct TapLimitSuite {
        private let rig: TapRig

        init() throws {
            rig = try TapRig()
            try rig.path.disableOffloads()
        }

        /// Datagrams of one flow, which differ in their payloads.
        private func datagrams(_ count: Int, from port: UInt16 = 4000, size: Int = 60) -> [[UInt8]] {
            (0..<count).map { number in
                let payload = [UInt8(number & 0xff), UInt8(number >> 8)] + [UInt8](repeating: 7, count: size - 2)
                return Frame(.ethernet(), .ipv4(), .udp(from: port, to: 4001), .payload(payload)).bytes
            }
        }

        private func send(_ frames: [[UInt8]]) throws {
            let injector = try FrameInjector(on: "eth0", in: rig.path.guest)
            for frame in frames { try injector.send(frame) }
        }

        /// Sends frames under a session, and expects that its account tells what has become of each of them.
        ///
        /// - Returns: what was counted, and what arrived.
        private func outcome(
            of frames: [[UInt8]], _ session: TapSession, _ location: SourceLocation = #_sourceLocation
        ) throws -> (counts: TapCounts, copies: [[UInt8]]) {
            try rig.set([session])
            let witness = try rig.witness("eth0")
            try send(frames)
            let counts = try rig.counts().egress
            #expect(counts.obeysLaw && counts.matched.packets == UInt64(frames.count), sourceLocation: location)
            let copies = try rig.frames(witness, Int(counts.mirrored.packets))
            #expect(copies.count == Int(counts.mirrored.packets), sourceLocation: location)
            return (counts, copies)
        }

        @Test func firstPacketsOfEachFlow() throws {
            var session = try rig.session(to: "mon0", ingress: [])
            session.firstPackets = 3
            let flows = (0..<5).map { datagrams(10, from: 4000 + UInt16($0)) }
            let (counts, copies) = try outcome(of: flows.flatMap { $0 }, session)
            #expect(copies == flows.flatMap { $0.prefix(3) })
            #expect(counts.withheld.firstOfFlow.packets == 35)
        }

        @Test func ratesHoldAndWhatTheyWithholdIsCounted() throws {
            var session = try rig.session(to: "mon0", ingress: [])
            session.rate.packetsPerSecond = 100
            let frames = datagrams(500)
            let (counts, copies) = try outcome(of: frames, session)
            #expect(counts.withheld.rate.packets > 300 && counts.mirrored.packets >= 5)
            #expect(Set(copies).isSubset(of: Set(frames)))
        }

        @Test func budgetsChangeWhileASessionRuns() throws {
            var session = try rig.session(to: "mon0", ingress: [])
            session.budget.bytesPerSecond = 1000
            _ = try outcome(of: datagrams(100), session)
            let first = try rig.counts().egress
            #expect(first.withheld.budget.packets > 90)
            session.budget = TapRate()
            try rig.installation.installation.setTapLimits([session])
            try send(datagrams(50))
            let second = try rig.counts().egress
            #expect(second.mirrored.packets == first.mirrored.packets + 50)
        }

        @Test(arguments: [false, true]) func samplesOfPacketsAndOfFlows(isPerFlow: Bool) throws {
            var session = try rig.session(to: "mon0", ingress: [])
            session.sampling = TapSampling(one: 4, perFlow: isPerFlow)
            let flows = (0..<100).map { datagrams(4, from: 1000 + UInt16($0)) }
            let (counts, copies) = try outcome(of: flows.flatMap { $0 }, session)
            #expect(counts.withheld.sampling.packets + UInt64(copies.count) == 400)
            #expect(20...250 ~= copies.count)
            let whole = flows.filter { flow in flow.allSatisfy(copies.contains) }.count
            #expect(!isPerFlow || whole * 4 == copies.count)
        }

        /// To a tunnel, and to a port whose own programs know copies.
        @Test func copiesAreCutToTheSessionsLength() throws {
            let mon0 = try rig.installation.attach("mon0", in: rig.path.host)
            var session = try rig.session(to: "mon0", ingress: [])
            session.packetLength = 128
            let frames = datagrams(5, size: 60) + datagrams(5, from: 4002, size: 900)
            try rig.set([session], carriers: [mon0.number])
            let witness = try rig.witness("eth0")
            try send(frames)
            #expect(try rig.frames(witness, 10) == frames.map { Array($0.prefix(128)) })
            let counts = try rig.counts().egress
            #expect(counts.truncated.packets == 5 && counts.mirrored.packets == 10 && counts.obeysLaw)
        }

        @Test func whatDoesNotFitTheTunnelIsCutOrRefused() throws {
            for oversize in [TapTunnel.Oversize.cut, .refuse, .fragment] {
                var tunnel = TapTunnel(to: try #require(IPAddress(TapRig.there.0)), vni: 9)
                tunnel.longestFrame = 500
                tunnel.oversize = oversize
                let before = try rig.installation.installation.tapCounts(of: [0])[0]?.egress ?? TapCounts()
                try rig.set([rig.session(.tunnel(tunnel), ingress: [])])
                try send(datagrams(4, size: 60) + datagrams(6, size: 1000))
                let counts = try rig.counts().egress
                #expect(counts.obeysLaw)
                #expect(counts.failed.tooBig.packets - before.failed.tooBig.packets == (oversize == .refuse ? 6 : 0))
                #expect(counts.truncated.packets - before.truncated.packets == (oversize == .cut ? 6 : 0))
            }
        }

        /// Two ports that are mirrored to each other, and each to itself: one copy of each frame, and none of a copy.
        @Test func copiesAreNotCopied() throws {
            let mon0 = try rig.installation.attach("mon0", in: rig.path.host)
            var plan = TapPlan()
            plan.sessions = [try rig.session(to: "mon0"), try rig.session(to: "port0"), try rig.session(to: "mon1")]
            plan.uses = [
                rig.port.number: [TapUse(session: 0, account: 0)], mon0.number: [TapUse(session: 1, account: 1)],
            ]
            plan.carriers = [rig.port.number, mon0.number]
            try rig.set(plan)
            let before = try rig.seen
            let frames = datagrams(20)
            try send(frames)
            let injector = try FrameInjector(on: "eth0", in: rig.monitor)
            for frame in datagrams(7, from: 5000) { try injector.send(frame) }
            #expect(try rig.counts(of: 0).egress.mirrored.packets == 20)
            #expect(try rig.counts(of: 0).ingress.matched.isZero)
            #expect(try rig.counts(of: 1).egress.mirrored.packets == 7)
            #expect(try rig.counts(of: 1).ingress.matched.isZero)
            // A copy is not the traffic of the port that it leaves by.
            let installation = rig.installation
            #expect(try installation.installation.carriedCopies(by: mon0.number).packets == 20)
            #expect(try installation.installation.carriedCopies(by: rig.port.number).packets == 7)
            #expect(try rig.seen.egress.seen.packets == before.egress.seen.packets + 20)
            #expect(try rig.seen.ingress == before.ingress)
        }

        /// A destination that is gone: the guest's frames go on, and the account says so.
        @Test func aLostDestinationIsCounted() throws {
            let session = try rig.session(to: "mon0", ingress: [])
            try rig.set([session])
            try rig.path.host.delete("mon0")
            let peer = try CaptureWitness(on: "eth0", in: rig.path.peer, direction: .received)
            let frames = datagrams(10)
            try send(frames)
            try waitUntil("they have arrived") { try peer.frames().count >= 10 }
            #expect(try peer.stop() == frames)
            let counts = try rig.counts().egress
            #expect(counts.failed.destination.packets == 10 && counts.obeysLaw)
        }
    }
}
