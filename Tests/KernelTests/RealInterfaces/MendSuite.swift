// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import Testing

extension RealInterfaces {
    /// What is taken away of a port, while its counters are known, is put back on the same number and the same counters.
    @Suite struct MendSuite {
        /// What another process takes away.
        enum Loss: CaseIterable {
            case fromProgram, toProgram, bothPrograms, pins, counters, fragments, folder, everything

            var faults: Set<PortFault> {
                switch self {
                case .fromProgram: [.fromDetached]
                case .toProgram: [.toDetached]
                case .bothPrograms: [.fromDetached, .toDetached]
                case .pins: [.fromUnpinned, .toUnpinned]
                case .counters: [.countersUnpinned]
                case .fragments: [.fragmentsUnpinned]
                case .folder, .everything: [.fromUnpinned, .toUnpinned, .countersUnpinned, .fragmentsUnpinned]
                }
            }
        }

        private static let packets = 25
        private static let frame = Frame(.ethernet(), .ipv4(), .udp(from: 1, to: 2), .payload(72)).bytes
        private static let count = PacketCount(packets: 50, octets: 5000)

        private let host: NetworkNamespace
        private let guest: NetworkNamespace
        private let installation: TemporaryInstallation
        private let inspection: PortInspection

        init() throws {
            host = try NetworkNamespace("host")
            guest = try NetworkNamespace("guest")
            try host.addPair("port0", to: guest, "eth0")
            installation = try TemporaryInstallation()
            inspection = PortInspection(installation.directory)
        }

        @Test(arguments: Way.allCases, Loss.allCases)
        func whatIsTakenAwayIsPutBack(_ way: Way, _ loss: Loss) throws {
            var port = try installation.attach("port0", in: host, way.options)
            #expect(try installation.review(inspection, in: host).mended == [])
            try send()
            let pins = try installation.pins
            let faults = loss.faults.filter { fault in
                // A filter has no pin.
                fault != .toUnpinned && fault != .fromUnpinned || pins.contains { $0.hasSuffix(pin(of: fault)) }
            }
            try take(loss, from: port)
            #expect(try installation.isAlive(port) == faults.isEmpty)

            let review = try installation.review(inspection, in: host)
            #expect(review.mended.map { Set($0.finding.faults) } == (faults.isEmpty ? [] : [faults]))
            #expect(review.unmended == [] && review.gone == [])
            #expect(try Set(installation.pins) == Set(pins))
            port = try #require(try installation.attachedPorts.first)
            #expect(try installation.isAlive(port))
            let interruption = inspection.interruptions(closing: true)[port.number]
            #expect((interruption != nil) == faults.contains(where: \.losesFrames))
            #expect(inspection.interruptions(closing: true).isEmpty, "it is whole again")

            try send()
            var meter = try installation.meter(interval: .seconds(60))
            let closed = try #require(try meter.cutShort(at: .now))
            for direction in Direction.allCases {
                #expect(closed.totals[PortSide(port: port.number, direction: direction)]?.ip == Self.count)
            }
            #expect(closed.flows.values.map(\.count) == [Self.count, Self.count])
            #expect(closed.violations.isEmpty)
            try meter.release(closed)
        }

        /// In both directions.
        private func send() throws {
            for (name, namespace) in [("port0", host), ("eth0", guest)] {
                let injector = try FrameInjector(on: name, in: namespace)
                for _ in 0..<Self.packets { try injector.send(Self.frame) }
            }
        }

        private func pin(of fault: PortFault) -> String { fault == .toUnpinned ? "/to" : "/from" }

        private func take(_ loss: Loss, from port: RegisteredPort) throws {
            let folder = "\(installation.directory.layout)/ports/\(port.number.rawValue)"
            switch loss {
            case .fromProgram: try detach("from", "ingress", folder)
            case .toProgram: try detach("to", "egress", folder)
            case .bothPrograms:
                try detach("from", "ingress", folder)
                try detach("to", "egress", folder)
            case .pins:
                try ChildProcess.run(["rm", "-f", "\(folder)/from", "\(folder)/to"])
                try waitUntil("links without a pin are gone") {
                    try !host.run(["bpftool", "net", "show", "dev", "port0"]).contains("link_id")
                }
            case .counters: try ChildProcess.run(["rm", "\(folder)/totals"])
            case .fragments: try ChildProcess.run(["rm", "\(folder)/fragments"])
            case .folder: try ChildProcess.run(["rm", "-r", folder])
            case .everything: try ChildProcess.run(["rm", "-r", installation.directory.base])
            }
        }

        /// By its link where it has one, else its filter.
        private func detach(_ pin: String, _ side: String, _ folder: String) throws {
            if try installation.pins.contains("\(folder)/\(pin)") {
                try ChildProcess.run(["bpftool", "link", "detach", "pinned", "\(folder)/\(pin)"])
            } else {
                try host.run(["tc", "filter", "del", "dev", "port0", side])
            }
        }

        @Test func aQdiscThatIsTakenAwayIsMadeAgain() throws {
            guard try RealInterfaces.tcHook == .clsact else { return }
            let before = try Footprint("port0", in: host)
            let port = try installation.attach("port0", in: host)
            try host.run(["tc", "qdisc", "del", "dev", "port0", "clsact"])
            let review = try installation.review(inspection, in: host)
            #expect(review.mended.map { Set($0.finding.faults) } == [[.fromDetached, .toDetached]])
            let mended = try #require(try installation.attachedPorts.first)
            #expect(try mended.number == port.number && installation.isAlive(mended))
            try installation.detach(mended)
            #expect(try Footprint("port0", in: host) == before)
        }

        /// The kernel lets nobody attach there any more.
        @Test func aPlaceThatIsTakenIsSaidAndTriedAgain() throws {
            let port = try installation.attach("port0", in: host, Way.xdpGeneric.options)
            let folder = "\(installation.directory.layout)/ports/\(port.number.rawValue)"
            try ChildProcess.run(["bpftool", "link", "detach", "pinned", "\(folder)/from"])
            let foreign = try CompiledProgram(CompiledProgram.passing)
            try foreign.attach(to: "port0", in: host, .generic)
            let review = try installation.review(inspection, in: host)
            #expect(review.mended == [] && review.unmended.map(\.finding.faults) == [[.fromDetached]])
            #expect(inspection.broken == [port.number: "the program on the from side was detached"])
            #expect(inspection.interruptions(closing: true).keys.map(\.self) == [port.number])
            #expect(inspection.interruptions(closing: true).count == 1, "the next window is not whole either")
            try host.ip("link set dev port0 xdpgeneric off")
            #expect(try installation.review(inspection, in: host).mended.count == 1)
            #expect(inspection.broken == [:])
        }

        @Test func tablesThatAnotherProcessMadeInTheSamePlaceAreLeftAlone() throws {
            _ = try installation.attach("port0", in: host)
            try ChildProcess.run(["rm", "-r", installation.directory.base])
            let other = try Installation.openOrCreate(installation.directory, TableRequest(flowBudget: 64))
            let failure = #expect(throws: KernelError.self) { _ = try installation.review(inspection, in: host) }
            #expect(failure?.description.contains("another Weir has made tables of its own there") == true)
            #expect(other.tables.geometry.flowBudget == 64)
            try ChildProcess.run(["rm", "-r", installation.directory.base])
        }
    }
}
