// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import Testing

extension RealInterfaces {
    /// What outlives a port, and for how long.
    @Suite struct PortLifeSuite {
        private static let packets = 25
        private static let frame = Frame(.ethernet(), .ipv4(), .udp(from: 1, to: 2), .payload(72)).bytes
        private static let count = PacketCount(packets: 25, octets: 2500)

        private let host: NetworkNamespace
        private let guest: NetworkNamespace
        private let installation: TemporaryInstallation

        init() throws {
            host = try NetworkNamespace("host")
            guest = try NetworkNamespace("guest")
            try host.addPair("port0", to: guest, "eth0")
            installation = try TemporaryInstallation()
        }

        private func sendToPort() throws {
            let injector = try FrameInjector(on: "port0", in: host)
            for _ in 0..<Self.packets { try injector.send(Self.frame) }
        }

        /// As the daemon does, which is where its ports are.
        private func closeDeadPorts() throws -> [RegisteredPort] {
            try host.inside { try installation.installation.closeDeadPorts() }
        }

        private func drain(_ meter: inout FlowMeter<KernelFlowSource>) throws -> ClosedWindow {
            let closed = try #require(try meter.cutShort(at: .now))
            try meter.release(closed)
            return closed
        }

        @Test(arguments: Way.allCases)
        func aDeletedPortIsDeadAndItsCountsAreStillDrained(_ way: Way) throws {
            let port = try installation.attach("port0", in: host, way.options)
            try sendToPort()
            try host.delete("port0")
            #expect(try !installation.isAlive(port))

            var meter = try installation.meter(interval: .seconds(60))
            let closed = try drain(&meter)
            #expect(closed.flows.values.map(\.count) == [Self.count])
            #expect(closed.totals[PortSide(port: port.number, direction: .ingress)]?.ip == Self.count)
            #expect(closed.violations.isEmpty)

            try installation.detach(port)
            try meter.source.forget([port.number])
            #expect(try installation.registeredPorts.isEmpty)
        }

        @Test func onlyAPortWhoseInterfaceOrAttacherIsGoneIsTakenForDead() throws {
            let port = try installation.attach("port0", in: host)
            #expect(try closeDeadPorts() == [])
            try host.delete("port0")
            #expect(try closeDeadPorts() == [port])
            #expect(try closeDeadPorts() == [])

            // As an attach leaves it that is killed before its first program is on.
            let number = PortNumber(99)
            let half = RegisteredPort(
                number: number, interface: NetworkInterface(name: "port0", index: 1), role: .guest, networkNamespace: 0)
            try installation.register(half)
            #expect(half.isUnfinished)
            #expect(try closeDeadPorts().map(\.number) == [number])
            #expect(try installation.registeredPorts.filter { !$0.isClosing }.isEmpty)
        }

        @Test func whatADetachedPortCountedLastIsDrained() throws {
            let port = try installation.attach("port0", in: host)
            try sendToPort()
            try installation.detach(port)
            try sendToPort()

            var meter = try installation.meter(interval: .seconds(60))
            #expect(try installation.registeredPorts.map(\.isClosing) == [true])
            #expect(try drain(&meter).flows.values.map(\.count) == [Self.count])
            try meter.source.forget([port.number])
            #expect(try drain(&meter).isEmpty)
        }

        /// An interface that comes back by its old name is a new port; the dead one gives way.
        @Test func aNewInterfaceOfTheSameNameIsANewPort() throws {
            let first = try installation.attach("port0", in: host)
            try host.delete("port0")
            try host.addPair("port0", to: guest, "eth0")
            let second = try installation.attach("port0", in: host)
            #expect(second.number != first.number)
            #expect(try installation.isAlive(second))
        }

        @Test func portNumbersComeBackOnlyWhenAllOthersHaveBeenGivenOut() throws {
            let meter = try installation.meter(interval: .seconds(60))
            let first = try installation.attach("eth0", in: guest)
            var numbers: [UInt16] = []
            for last in [nil, nil, UInt16(4093), nil, nil] {
                if let last { installation.installation.tables.control.setLastPort(last) }
                let port = try installation.attach("port0", in: host)
                numbers.append(port.number.rawValue)
                try installation.detach(port)
                try meter.source.forget([port.number])
            }
            #expect(first.number.rawValue == 1)
            #expect(numbers == [2, 3, 4094, 4095, 2], "1 is still attached")
        }

        /// A number that comes back has no counts of the port that had it.
        @Test func aNumberThatIsGivenOutAgainBeginsAtZero() throws {
            let meter = try installation.meter(interval: .seconds(60))
            let port = try installation.attach("port0", in: host)
            try sendToPort()
            try installation.detach(port)
            try meter.source.forget([port.number])
            #expect(try installation.installation.tables.lifetimeTotals(of: port) == nil, "it is registered no more")
            installation.installation.tables.control.setLastPort(0)
            let again = try installation.attach("port0", in: host)
            #expect(again.number == port.number)
            let totals = try installation.installation.tables.lifetimeTotals(of: port)
            #expect(totals?.both == PortTotals())
        }

        @Test func anInstallationThatIsOpenedAgainGoesOnWithItsNumbers() throws {
            let port = try installation.attach("port0", in: host)
            try sendToPort()
            let again = try Installation.openOrCreate(installation.directory, TableRequest(flowBudget: 7))
            let (ports, budget) = (try again.attachedPorts(), again.tables.geometry.flowBudget)
            let (flows, last) = (try again.tables.snapshot().flows, again.tables.control.lastPort)
            #expect(ports == [port] && last == port.number.rawValue)
            #expect(budget == TemporaryInstallation.flowBudget, "the tables that exist keep their size")
            #expect(flows.values.map(\.count) == [Self.count])
        }

        @Test func nothingIsLeftOfAnInstallationThatIsNotUsed() throws {
            let port = try installation.attach("port0", in: host)
            try Installation.open(installation.directory)?.removeIfUnused()
            #expect(installation.directory.hasMaps, "a port is attached")
            #expect(try installation.isAlive(port))

            try installation.detach(port)
            try Installation.open(installation.directory)?.removeIfUnused()
            #expect(installation.directory.hasMaps, "somebody else has it open, and may be about to attach")

            try installation.removeIfUnused()
            #expect(try installation.pins.isEmpty)
            #expect(!installation.directory.hasMaps)
        }

        @Test func pinsAreForRootAlone() throws {
            _ = try installation.attach("port0", in: host)
            let modes = try ChildProcess.run(
                ["find", installation.directory.base, "-type", "d", "-printf", "%m\n"]
            ).split(separator: "\n")
            #expect(modes.count == 4, "base, layout, ports and the port")
            #expect(modes.allSatisfy { $0 == "700" })
        }

        @Test func oneDaemonAtATimeMeasures() throws {
            let first = try DaemonLock.take(installation.directory)
            #expect(DaemonLock.isTaken(installation.directory))
            installation.installation.tables.setMeter(pid: 4711, interval: .seconds(60))
            let refusal = #expect(throws: KernelError.self) { _ = try DaemonLock.take(installation.directory) }
            #expect(refusal?.code == .busy)
            #expect(
                refusal?.description == """
                    cannot measure under \(installation.directory.base): another weir daemon (pid 4711) already uses it; \
                    stop that one first, or use another directory (--bpffs)
                    """)
            _ = consume first
            #expect(!DaemonLock.isTaken(installation.directory))
        }
    }
}
