// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import Testing

extension RealInterfaces {
    /// What the kernel drops is of the window in which it is dropped, however late that window is read.
    @Suite struct DropSuite {
        private static let frame = Frame(.ethernet(), .ipv4(), .udp(from: 1, to: 2), .payload(40)).bytes

        @Test func dropsAreOfTheWindowThatWasOpen() throws {
            let sender = try NetworkNamespace("sender")
            let receiver = try NetworkNamespace("receiver")
            try sender.addPair("out0", to: receiver, "in0")
            let installation = try TemporaryInstallation()
            let port = try installation.attach("in0", in: receiver, AttachOptions(hook: .tc))
            var meter = try installation.meter(interval: .seconds(3600))
            var dropped = try DroppedPackets.watch(for: meter.source.tables)
            try dropped.set([port])
            let injector = try FrameInjector(on: "out0", in: sender)
            func send(_ count: Int) throws { for _ in 0..<count { try injector.send(Self.frame) } }

            let first = meter.source.tables.control.window
            try send(3)
            #expect(try Self.take(first, 3, from: &dropped) == 3)
            try send(4)
            try Self.wait(for: 7, at: port, installation)
            let part = try #require(try meter.takeEarly(at: .now))
            #expect(part.window.number == first)
            let second = meter.source.tables.control.window
            try send(5)
            // The later one first: all have been dropped when the earlier one is read.
            #expect(try Self.take(second, 5, from: &dropped) == 5)
            #expect(try Self.take(first, 4, from: &dropped) == 4)
            #expect(try dropped.take(second).isEmpty)
            #expect(dropped.missed.isEmpty)
        }

        /// Packets that were dropped in the window, once they are as many.
        private static func take(
            _ window: UInt32, _ expected: UInt64, from dropped: inout DroppedPackets
        ) throws -> UInt64 {
            var packets: UInt64 = 0
            try waitUntil("\(expected) packets are dropped") {
                packets += try dropped.take(window).reduce(0) { $0 + $1.count.packets }
                return packets >= expected
            }
            return packets
        }

        private static func wait(
            for packets: UInt64, at port: RegisteredPort, _ installation: TemporaryInstallation
        ) throws {
            try waitUntil("the frames are counted") {
                try installation.installation.tables.snapshot().totals[port.number]?.egress.ip.packets == packets
            }
        }
    }
}
