// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import Host
import TapService
import Testing

extension RealInterfaces {
    /// Copies that leave by what is copied itself, and tunnels that do not fit: each frame once, and the guest never learns of it.
    @Suite struct TapLoopSuite {
        private let rig: TapRig

        init() throws { rig = try TapRig() }

        private static let port = TunnelDevice.usualPort

        private func tunnel(to address: String, vni: UInt32) throws -> TapSession {
            // The kernel reports the groups of its addresses when it likes.
            var reports = TapRule(1, .reject)
            reports.transport = 58
            let rules = [reports, TapRule(2, .accept)]
            let tunnel = TapTunnel(to: try #require(IPAddress(address)), vni: vni)
            return rig.session(.tunnel(tunnel), ingress: rules, egress: rules)
        }

        /// Each mirrors its uplink, by which copies come and go, to the other.
        @Test func twoHostsThatMirrorTheirUplinksToEachOther() throws {
            let there = try TemporaryInstallation()
            let options = AttachOptions(role: .uplink, hook: .tc)
            let here = try rig.installation.attach("wan0", in: rig.path.host, options)
            let far = try there.attach("eth0", in: rig.remote, options)
            defer { try? rig.remote.inside { try there.installation.setTaps(TapPlan()) } }
            var plan = TapPlan()
            plan.sessions = [try tunnel(to: TapRig.there.0, vni: 1)]
            plan.uses = [here.number: [TapUse(session: 0, account: 0)]]
            plan.carriers = [here.number]
            var farPlan = TapPlan()
            farPlan.sessions = [try tunnel(to: TapRig.here.0, vni: 2)]
            farPlan.uses = [far.number: [TapUse(session: 0, account: 0)]]
            farPlan.carriers = [far.number]
            try rig.path.host.inside { try rig.installation.installation.setTaps(plan, uplinks: [here.number]) }
            try rig.remote.inside { try there.installation.setTaps(farPlan, uplinks: [far.number]) }
            let (arriving, leaving) = (
                try CaptureWitness(on: "eth0", in: rig.remote, direction: .received, filter: "udp port \(Self.port)"),
                try CaptureWitness(on: "eth0", in: rig.remote, direction: .sent, filter: "udp port \(Self.port)")
            )
            try rig.remote.addNeighbour(TapRig.here.0, at: try rig.path.host.macAddress(of: "wan0"), on: "eth0")
            try Traffic.ping(try #require(IPAddress(TapRig.there.0)), count: 10, from: rig.path.host)
            try waitUntil("both have copied it") {
                try arriving.frames().count >= 20 && leaving.frames().count >= 20
            }
            #expect(try arriving.stop().count == 20)
            #expect(try leaving.stop().count == 20)
            for installation in [rig.installation, there] {
                let counts = try #require(try installation.installation.tapCounts(of: [0])[0])
                #expect(counts.ingress.mirrored.packets == 10 && counts.egress.mirrored.packets == 10)
                #expect(counts.ingress.obeysLaw && counts.ingress.matched == counts.ingress.mirrored)
                #expect(counts.egress.obeysLaw && counts.egress.matched == counts.egress.mirrored)
            }
            #expect(try rig.installation.installation.carriedCopies(by: here.number).packets == 20)
            #expect(try there.installation.carriedCopies(by: far.number).packets == 20)
        }

        /// Both ports of a bridge are mirrored to a host behind one of them.
        @Test func copiesThatGoByTheBridgeOfTheirSource() throws {
            try rig.path.disableOffloads()
            try rig.path.host.addAddress("10.9.0.254/24", to: "br0")
            try rig.path.host.addNeighbour("10.9.0.2", at: rig.path.peerMAC, on: "br0")
            let uplink = try rig.installation.attach("uplink0", in: rig.path.host, AttachOptions(hook: .tc))
            var plan = TapPlan()
            plan.sessions = [try tunnel(to: "10.9.0.2", vni: 1), try tunnel(to: "10.9.0.2", vni: 2)]
            plan.uses = [
                rig.port.number: [TapUse(session: 0, account: 0)], uplink.number: [TapUse(session: 1, account: 1)],
            ]
            plan.carriers = [rig.port.number, uplink.number]
            let witness = try CaptureWitness(
                on: "eth0", in: rig.path.peer, direction: .received, filter: "udp port \(Self.port)")
            try rig.set(plan)
            let injector = try FrameInjector(on: "eth0", in: rig.path.guest)
            let ethernet = Layer.ethernet(from: rig.path.guestMAC, to: rig.path.peerMAC)
            for number in 0..<UInt16(20) {
                // To no address of the peer: nothing answers.
                let datagram = Layer.ipv4(from: "10.9.0.1", to: "10.9.7.7")
                try injector.send(
                    Frame(ethernet, datagram, .udp(from: 4000 + number, to: 4001), .payload(200)).bytes)
            }
            try witness.wait(for: 40)
            #expect(try witness.stop().count == 40)
            #expect(try rig.counts(of: 0).egress.mirrored.packets == 20)
            #expect(try rig.counts(of: 1).ingress.mirrored.packets == 20)
            let matched = [try rig.counts(of: 0), try rig.counts(of: 1)].map { counts in
                (counts.ingress.matched + counts.egress.matched).packets
            }
            #expect(matched == [20, 20])
            #expect(try rig.installation.installation.carriedCopies(by: uplink.number).packets == 40)
        }

        /// Outer packets are longer than the path takes: whatever becomes of them, no ICMP comes to the guest, and its frames go on.
        @Test(
            arguments: [
                (TapRig.there.0, .fragment), (TapRig.there.0, .cut), (TapRig.there.1, .cut), (TapRig.there.1, .refuse),
            ] as [(String, TapTunnel.Oversize)])
        func whatDoesNotFitThePathIsNeverToldToTheGuest(_ address: String, _ oversize: TapTunnel.Oversize) throws {
            try rig.path.host.ip("link set wan0 mtu 1400")
            var session = try tunnel(to: address, vni: 5)
            if case .tunnel(var tunnel) = session.destination {
                (tunnel.longestFrame, tunnel.oversize) = (1330, oversize)
                session.destination = .tunnel(tunnel)
            }
            try rig.set([session])
            let errors = try CaptureWitness(
                on: "eth0", in: rig.path.guest, direction: .received,
                filter: "icmp[icmptype] == 3 or (icmp6 and ip6[40] < 128)")
            // Of fragments the first alone.
            let outer = try CaptureWitness(
                on: "eth0", in: rig.remote, direction: .received,
                filter: "udp port \(Self.port) or (ip6[6] == 44 and ip6[42:2] & 0xfff8 == 0)")
            let ends = [
                try CaptureWitness(on: "eth0", in: rig.path.guest, direction: .received, longest: 2048),
                try CaptureWitness(on: "eth0", in: rig.path.peer, direction: .received, longest: 2048),
            ]
            for peer in SwitchedPath.peerAddresses.both {
                try Traffic.transfer(100_000, from: rig.path.guest, to: peer, in: rig.path.peer)
            }
            let seen = try rig.seen
            let passed = [seen.ingress.seen.packets, seen.egress.seen.packets]
            #expect(try ends.map { UInt64(try $0.stop().count) } == passed)
            #expect(try errors.stop() == [])
            let counts = try rig.counts()
            for (count, total) in [(counts.ingress, seen.ingress), (counts.egress, seen.egress)] {
                #expect(count.matched == total.seen && count.obeysLaw)
                #expect(count.failed.destination.isZero)
            }
            let mirrored = Int((counts.ingress.mirrored + counts.egress.mirrored).packets)
            #expect(try rig.frames(outer, mirrored).count == mirrored)
            #expect(counts.egress.failed.tooBig.isZero == (oversize != .refuse))
            #expect(counts.egress.truncated.isZero == (oversize != .cut))
        }
    }
}
