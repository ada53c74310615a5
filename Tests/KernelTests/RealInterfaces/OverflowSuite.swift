// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import Testing

extension RealInterfaces {
    /// More flows than the table has room for. Whose they are that find no slot is the plain engine's: the first come are
    /// served until it is full. The line engine stops at the port's share of a CPU's table.
    @Suite struct OverflowSuite {
        private static let room = 1000
        private static let flows: UInt16 = 5000
        private static let payload = 30
        /// Ethernet, IP and UDP.
        private static let octets = UInt64(20 + 8 + payload)

        private static func frame(_ flow: UInt16) -> [UInt8] {
            Frame(.ethernet(), .ipv4(), .udp(from: flow, to: 53), .payload(payload)).bytes
        }

        private let sender: NetworkNamespace
        private let receiver: NetworkNamespace
        private let installation: TemporaryInstallation

        init() throws {
            sender = try NetworkNamespace("sender")
            receiver = try NetworkNamespace("receiver")
            try sender.addPair("out0", to: receiver, "in0")
            installation = try TemporaryInstallation(
                TableRequest(engine: .perCPUHash, flowBudget: Self.room, portShare: 1))
        }

        /// Frames to the port: they are counted in the sender's own call, so that nothing need be waited for.
        @Test func whatFindsNoSlotIsCountedExactly() throws {
            let port = try installation.attach("out0", in: sender)
            let injector = try FrameInjector(on: "out0", in: sender)
            // Two of each flow: the second finds the slot of the first, or none again.
            for flow in 1...Self.flows { try send(flow, by: injector, times: 2) }
            var meter = try installation.meter(interval: .seconds(60))
            let closed = try #require(try meter.cutShort(at: .now))

            let full = PacketCount(packets: 2, octets: 2 * Self.octets)
            #expect(closed.flows.count == Self.room)
            #expect(closed.flows.values.allSatisfy { $0.count == full })
            let expected = Set(UInt16(1)...UInt16(Self.room))
            #expect(Set(closed.flows.keys.map(\.sourcePort)) == expected, "first come, first served")
            let totals = try #require(closed.totals[PortSide(port: port.number, direction: .ingress)])
            #expect(totals.ip == PacketCount(packets: 10_000, octets: 10_000 * Self.octets))
            #expect(totals.overflow == PacketCount(packets: 8000, octets: 8000 * Self.octets))
            #expect(closed.violations.isEmpty)
            try meter.release(closed)
        }

        @Test func overflowIsOneSkipDataEntryOfThePort() throws {
            let registered = try installation.attach("out0", in: sender)
            let injector = try FrameInjector(on: "out0", in: sender)
            for flow in 1...Self.flows { try send(flow, by: injector) }
            var meter = try installation.meter(interval: .seconds(60))
            let closed = try #require(try meter.cutShort(at: .now))
            let port = Port(number: registered.number, name: registered.name, role: registered.role)
            let entries = closed.entries(ports: [port.number: port])

            let overflow = PacketCount(packets: 4000, octets: 4000 * Self.octets)
            #expect(entries.count == Self.room + 1)
            let others = entries.filter { if case .flow = $0 { false } else { true } }
            #expect(others == [.skipData(port: port, window: closed.window, overflow: overflow)])
        }

        @Test func theNextWindowHasRoomAgain() throws {
            let port = try installation.attach("out0", in: sender)
            let injector = try FrameInjector(on: "out0", in: sender)
            var meter = try installation.meter(interval: .seconds(60))
            for window in 1...4 {
                for flow in 1...UInt16(1500) { try send(flow, by: injector) }
                let closed = try #require(try meter.cutShort(at: .now))
                let totals = try #require(closed.totals[PortSide(port: port.number, direction: .ingress)])
                #expect(closed.flows.count == Self.room, "window \(window)")
                #expect(totals.overflow.packets == 500, "window \(window)")
                #expect(totals.seen.packets == 1500, "window \(window)")
                #expect(closed.violations.isEmpty, "window \(window)")
                try meter.release(closed)
            }
        }

        /// At the other end of the wire, in the receive path and by XDP.
        @Test(arguments: Way.allCases)
        func everyWayToSeeFramesOverflowsAlike(_ way: Way) throws {
            let port = try installation.attach("in0", in: receiver, way.options)
            let injector = try FrameInjector(on: "out0", in: sender)
            let side = PortSide(port: port.number, direction: .egress)
            for flow in 1...Self.flows {
                try send(flow, by: injector)
                // A veth's queue holds 256 frames.
                if flow % 100 == 0 { try waitForFrames(UInt64(flow), of: side) }
            }
            var meter = try installation.meter(interval: .seconds(60))
            let closed = try #require(try meter.cutShort(at: .now))
            #expect(closed.flows.count == Self.room)
            #expect(closed.totals[side]?.overflow == PacketCount(packets: 4000, octets: 4000 * Self.octets))
            #expect(closed.violations.isEmpty)
        }

        /// All frames come on one CPU: the sender's own, on which the kernel takes them from the queue too.
        @Test(arguments: Way.allCases)
        func aPortGetsItsShareOfLinesHoweverFramesAreSeen(_ way: Way) throws {
            let ownCPU = try ThreadPlacement(on: 0)
            defer { ownCPU.end() }
            let installation = try TemporaryInstallation(TableRequest(engine: .line, flowBudget: 4 * Self.room))
            let port = try installation.attach("in0", in: receiver, way.options)
            let injector = try FrameInjector(on: "out0", in: sender)
            let side = PortSide(port: port.number, direction: .egress)
            let tables = try FlowTables.open(in: installation.directory, rights: .read)
            // Two of each flow: the second finds the line of the first, or none again.
            for flow in 1...Self.flows {
                try send(flow, by: injector, times: 2)
                if flow % 100 == 0 { try waitForFrames(2 * UInt64(flow), of: side, in: installation.directory) }
            }
            var meter = try installation.meter(interval: .seconds(60))
            let closed = try #require(try meter.cutShort(at: .now))
            let share = UInt64(tables.geometry.portShare)
            let full = PacketCount(packets: 2, octets: 2 * Self.octets)
            #expect(Set(closed.flows.keys.map(\.sourcePort)) == Set(1...UInt16(share)), "first come, first served")
            #expect(closed.flows.values.allSatisfy { $0.count == full })
            let overflow = 2 * (UInt64(Self.flows) - share)
            let totals = try #require(closed.totals[side])
            #expect(totals.overflow == PacketCount(packets: overflow, octets: overflow * Self.octets))
            #expect(totals.ip == PacketCount(packets: 10_000, octets: 10_000 * Self.octets))
            #expect(closed.violations.isEmpty)
        }

        private func waitForFrames(_ count: UInt64, of side: PortSide, in directory: PinDirectory? = nil) throws {
            let tables = directory ?? installation.directory
            try waitUntil("\(count) frames are counted") {
                let tables = try FlowTables.open(in: tables, rights: .read)
                let port = try #require(try tables.maps.registeredPort(side.port))
                let totals = try tables.lifetimeTotals(of: port)
                return try #require(totals).egress.seen.packets >= count
            }
        }

        private func send(_ flow: UInt16, by injector: FrameInjector, times: Int = 1) throws {
            let frame = Self.frame(flow)
            for _ in 0..<times { try injector.send(frame) }
        }
    }
}
