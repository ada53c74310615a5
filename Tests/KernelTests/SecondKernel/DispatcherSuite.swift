// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowModel
import FlowTestKit
import FlowVerdict
internal import Foundation
import Host
import Testing

extension SecondKernel {
    /// Ports on which others have XDP programs, called by libxdp's dispatcher, where the kernel lets ours be among them.
    @Suite(.enabled(if: KernelAccess.isSecondKernel && XDPDispatcher.isAllowed)) struct DispatcherSuite {
        private typealias Counts = OtherProgram.Counts

        private let path: DispatcherPath
        /// Drops what is sent to the second port, before it comes to ours.
        private let before: OtherProgram
        /// Drops all.
        private let after: OtherProgram

        init() throws {
            path = try DispatcherPath()
            before = try OtherProgram(.beforeOurs, dropping: DispatcherPath.ports[1])
            after = try OtherProgram(.afterOurs, dropping: 0)
        }

        /// What comes to ours is what the one before lets pass, and comes to the one after.
        private func expect(_ rounds: UInt64, _ port: RegisteredPort, recorded: UInt64) throws {
            let atBefore = Counts(met: 2 * rounds, dropped: rounds)
            try waitUntil("all has arrived") { try before.counts() == atBefore && after.counts().dropped == rounds }
            #expect(try before.counts() == atBefore)
            #expect(try after.counts() == Counts(met: rounds, dropped: rounds))
            #expect(try path.recorded(port, to: DispatcherPath.ports[0]) == DispatcherPath.count(recorded))
            #expect(try path.recorded(port, to: DispatcherPath.ports[1]) == DispatcherPath.count(0))
        }

        @Test(arguments: XDPMode.allCases, [true, false])
        func programsBeforeAndAfterOursGoOnAndAllCountWhatTheyMeet(_ mode: XDPMode, beforeIsFirst: Bool) throws {
            let others = beforeIsFirst ? [before, after] : [after, before]
            try path.load(others[0], mode)
            let port = try path.attach()
            #expect(port.fromHook == .xdpDispatched && port.xdpMode == mode)
            try path.load(others[1], mode)
            #expect(try path.called == [before.name, "weir_xdp_entry", after.name])
            #expect(try path.isAlive(port))
            try path.send(500)
            try expect(500, port, recorded: 500)

            try path.detach(port)
            #expect(try path.called == [before.name, after.name])
            try path.send(300)
            try expect(800, port, recorded: 500)
            for other in others { try path.unload(other) }
            try expectNothingLeft()
        }

        @Test(arguments: XDPMode.allCases)
        func oursStaysWhenTheOthersGo(_ mode: XDPMode) throws {
            try path.load(before, mode)
            let port = try path.attach(AttachOptions(hook: .xdp, xdpMode: mode))
            try path.unload(before)
            #expect(try path.called == ["weir_xdp_entry"])
            #expect(try path.isAlive(port))
            try path.send(200)
            for destination in DispatcherPath.ports {
                try waitUntil("all has arrived") {
                    try path.recorded(port, to: destination) == DispatcherPath.count(200)
                }
            }
            try path.detach(port)
            try expectNothingLeft()
        }

        /// Every datagram meets the one dispatcher or the next.
        @Test(arguments: XDPMode.allCases)
        func noneOfTheOthersFramesIsLostWhileOursComesAndGoes(_ mode: XDPMode) throws {
            let all = try OtherProgram(.beforeOurs, dropping: .max)
            try path.load(all, mode)
            try path.load(after, mode)
            let sender = try path.startSending()
            for _ in 0..<3 {
                let port = try path.attach()
                try path.detach(port)
            }
            let sent = 2 * (try path.stop(sender))
            #expect(sent > 0)
            try waitUntil("all has arrived") { try after.counts().dropped == sent }
            #expect(try all.counts() == Counts(met: sent, dropped: 0))
            #expect(try after.counts() == Counts(met: sent, dropped: sent))
            for other in [all, after] { try path.unload(other) }
            try expectNothingLeft()
        }

        /// For a moment the dispatcher calls the entries of both versions: what the program after them has met is the witness.
        @Test func aLaterVersionTakesOverAndEveryFrameIsCountedOnce() throws {
            let next = try #require(
                ProcessInfo.processInfo.environment["WEIR_NEXT_BUILD"], "the command that tools/next-build made")
            let weir = try Commands(in: path.host)
            try path.load(after)
            try weir.run(["attach", "port0", "--hook", "xdp"])
            let sender = try path.startSending()
            let lines = try weir.measure(by: next) {
                #expect(try path.called == ["weir_xdp_entry", after.name])
                Thread.sleep(forTimeInterval: 2)
                let sent = try path.stop(sender)
                #expect(sent > 0)
                try waitUntil("all has arrived") { try after.counts() == Counts(met: 2 * sent, dropped: 2 * sent) }
            }
            #expect(try path.called == [after.name])
            let (met, ports) = (try after.counts().met, DispatcherPath.ports)
            #expect(lines.filter { $0.isFrom(DispatcherPath.source) }.map(\.packets).reduce(0, +) == met)
            for port in ports {
                let count = lines.filter { $0.dstport == port }.reduce((0, 0)) { ($0.0 + $1.packets, $0.1 + $1.bytes) }
                let expected = DispatcherPath.count(met / 2)
                #expect(count == (expected.packets, expected.octets))
            }
            try path.unload(after)
            try expectNothingLeft()
        }

        /// The entry asks the policy by itself: what the program after it has met is the witness.
        @Test func aPolicyIsEnforcedAndEndedByTheSameEntry() throws {
            try path.load(after)
            let port = try path.attach()
            let dispatcher = try path.dispatcher
            let policy = KernelPolicy(rules: [
                .plain(
                    .allow, .egress, number: 1, transport: TransportNumber.udp, to: DispatcherPath.ports[0], priority: 1
                ),
                .plain(.deny, .egress, number: 2),
            ])
            let enforced = [port.number: PortPolicy(set: 1, mode: .enforce)]
            try path.installation.load(policy, enforced, in: path.host)
            try path.send(200)
            func seen() throws -> UInt64? {
                try path.installation.installation.tables.snapshot().totals[port.number]?.egress.seen.packets
            }
            try waitUntil("all has arrived") { try seen() == 400 }
            #expect(try after.counts() == Counts(met: 200, dropped: 200))
            try path.host.inside { try path.installation.installation.removePolicy() }
            try path.send(100)
            try waitUntil("all has passed") { try after.counts().met >= 400 }
            #expect(try after.counts() == Counts(met: 400, dropped: 400))
            #expect(try path.dispatcher == dispatcher)
        }

        @Test func whoTakesAllProgramsAwayTakesOursAndItIsAttachedAgain() throws {
            try path.load(before)
            let port = try path.attach()
            try path.host.run(["xdp-loader", "unload", "--all", "port0"])
            #expect(try !path.isAlive(port))
            #expect(try path.closeDeadPorts() == [])
            let review = try path.review()
            #expect(review.mended.map(\.finding.faults) == [[.fromDetached]] && review.unmended == [])
            // Alone by now, by a link.
            let mended = try #require(try path.installation.attachedPorts.first)
            #expect(mended.number == port.number && mended.fromHook == .xdp)
            #expect(try path.isAlive(mended))
            try path.installation.detach(mended)
            try expectNothingLeft()
        }

        @Test func anEntryThatIsTakenOutIsAddedAgain() throws {
            try path.load(before)
            let port = try path.attach()
            try path.unloadEntry()
            #expect(try !path.isAlive(port))
            #expect(try path.review().mended.map(\.finding.faults) == [[.fromDetached]])
            let mended = try #require(try path.installation.attachedPorts.first)
            #expect(mended.number == port.number && mended.fromHook == .xdpDispatched)
            #expect(try path.isAlive(mended))
        }

        @Test func aPortWhoseInterfaceIsGoneIsClosed() throws {
            try path.load(before)
            let port = try path.attach()
            try path.host.delete("port0")
            #expect(try !path.isAlive(port))
            #expect(try path.closeDeadPorts() == [port])
        }

        @Test(arguments: XDPMode.allCases)
        func whatCannotShareTheInterfaceIsRefusedAndNothingChanges(_ mode: XDPMode) throws {
            let foreign = try CompiledProgram(CompiledProgram.passing)
            try foreign.attach(to: "port0", in: path.host, mode)
            try expectRefusal(
                AttachOptions(hook: .xdp), .busy,
                "and load it with xdp-loader, so that both can be there (ip link set dev port0 xdp off), or use --hook tc"
            )
        }

        @Test(arguments: XDPMode.allCases)
        func anotherModeThanTheDispatchersIsRefused(_ mode: XDPMode) throws {
            try path.load(before, mode)
            let other: XDPMode = mode == .native ? .generic : .native
            try expectRefusal(
                AttachOptions(hook: .xdp, xdpMode: other), .invalid,
                "libxdp's dispatcher is there in \(mode.name) mode; use --xdp-mode \(mode.name)")
        }

        @Test func withoutThePrivilegeToChangeTheDispatcherItIsRefused() throws {
            try path.load(before)
            let weir = try Commands(in: path.host)
            let footprint = try Footprint("port0", in: path.host)
            let refused = try weir.outcome(
                ["attach", "port0", "--hook", "xdp"], by: ["capsh", "--drop=cap_sys_admin", "--"])
            #expect(refused.status == 1)
            #expect(
                refused.errors.contains("to change it takes CAP_SYS_ADMIN; do it as root: weir attach port0"),
                "\(refused.errors)")
            #expect(try Footprint("port0", in: path.host) == footprint)
        }

        private func expectRefusal(_ options: AttachOptions, _ code: KernelError.Code, _ words: String) throws {
            let footprint = try Footprint("port0", in: path.host)
            let refusal = #expect(throws: KernelError.self) { try path.attach(options) }
            #expect(refusal?.code == code)
            #expect(refusal?.description.contains(words) == true, "\(refusal?.description ?? "")")
            #expect(try Footprint("port0", in: path.host) == footprint)
            #expect(try path.installation.registeredPorts.isEmpty)
        }

        /// No program is on the interface, libxdp has nothing pinned, and nothing holds programs of ours from a port.
        private func expectNothingLeft() throws {
            #expect(try !path.host.ip("-d link show port0").contains("xdp"))
            #expect(try ChildProcess.run(["find", "/sys/fs/bpf/xdp", "-mindepth", "1"]).isEmpty)
            try waitUntil("nothing holds the programs any more") {
                try !ChildProcess.run(["bpftool", "prog", "show"]).contains("name weir_xdp_")
            }
        }
    }
}
