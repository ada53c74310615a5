// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Testing

extension RealInterfaces {
    /// Namespaces, and the witness of captures.
    @Suite struct CaptureWitnessTests {
        /// Two namespaces with a silent wire between them.
        private struct Wire {
            let left: NetworkNamespace
            let right: NetworkNamespace

            init() throws {
                left = try NetworkNamespace("left")
                right = try NetworkNamespace("right")
                try left.addPair("veth0", to: right, "veth1")
                let (leftMAC, rightMAC) = (try left.macAddress(of: "veth0"), try right.macAddress(of: "veth1"))
                for (here, there) in [("10.9.0.1", "10.9.0.2"), ("fd09::1", "fd09::2")] as [(IPAddress, IPAddress)] {
                    try left.addSilentAddress(here, on: "veth0", towards: there, at: rightMAC)
                    try right.addSilentAddress(there, on: "veth1", towards: here, at: leftMAC)
                }
            }
        }

        @Test func pings_are_the_only_frames_on_a_silent_wire() throws {
            let wire = try Wire()
            let (left, right) = (wire.left, wire.right)
            let witness = try CaptureWitness(on: "veth1", in: right)
            for peer in ["10.9.0.2", "fd09::2"] {
                try left.run(["ping", "-c", "5", "-i", "0.01", "-s", "100", peer])
            }
            try witness.wait(for: 20)
            let meter = try witness.stopAndCount()

            #expect(meter.totals.seen == PacketCount(packets: 20, octets: 10 * 128 + 10 * 148))
            #expect(meter.totals.seen == meter.totals.ip)
            let request = FlowIdentity(transport: 1, source: "10.9.0.1", destination: "10.9.0.2", sourcePort: 8)
            let reply6 = FlowIdentity(transport: 58, source: "fd09::2", destination: "fd09::1", sourcePort: 129)
            #expect(meter.flows.count == 4)
            #expect(meter.flows[request]?.count == PacketCount(packets: 5, octets: 5 * 128))
            #expect(meter.flows[reply6]?.count == PacketCount(packets: 5, octets: 5 * 148))
        }

        /// VLAN tags among them: the kernel takes them out of the data and tcpdump puts them back.
        @Test func the_witness_counts_what_was_injected() throws {
            let wire = try Wire()
            let injector = try FrameInjector(on: "veth0", in: wire.left)
            let witness = try CaptureWitness(on: "veth1", in: wire.right, direction: .received)
            // A tag that is cut is dropped by the kernel before anybody but XDP sees it.
            let cut = Set(FrameTable.cutFrames.map(\.name))
            let frames = FrameTable.all.filter { !cut.contains($0.name) && $0.bytes.count <= 1514 }
            var sent = ReferenceMeter()
            for frame in frames {
                try injector.send(frame.bytes)
                sent.see(frame.bytes)
            }
            try witness.wait(for: frames.count)
            let seen = try witness.stopAndCount()
            #expect(seen.totals == sent.totals)
            #expect(seen.flows == sent.flows)
        }

        @Test func a_direction_is_seen_alone() throws {
            let wire = try Wire()
            let witness = try CaptureWitness(on: "veth1", in: wire.right, direction: .received)
            try wire.left.run(["ping", "-c", "3", "-i", "0.01", "10.9.0.2"])
            try witness.wait(for: 3)
            let meter = try witness.stopAndCount()
            let flow = FlowIdentity(transport: 1, source: "10.9.0.1", destination: "10.9.0.2", sourcePort: 8)
            #expect(meter.flows.mapValues(\.count) == [flow: PacketCount(packets: 3, octets: 3 * 84)])
        }

        @Test func a_thread_is_inside_for_as_long_as_the_body_runs() throws {
            let namespace = try NetworkNamespace()
            let links = { try ChildProcess.run(["ip", "-o", "link"]) }
            let outside = try links()
            #expect(
                try namespace.inside(links).split(separator: "\n").filter { !$0.contains("LOOPBACK") }.count
                    == namespace.run(["ip", "-o", "link"]).split(separator: "\n").filter { !$0.contains("LOOPBACK") }
                    .count)
            #expect(
                try namespace.inside { try ChildProcess.run(["readlink", "/proc/self/ns/net"]) }
                    == namespace.run(["readlink", "/proc/self/ns/net"]))
            #expect(try links() == outside)
        }

        @Test func a_namespace_goes_away_with_its_owner() throws {
            var namespace: NetworkNamespace? = try NetworkNamespace("short")
            let name = try #require(namespace?.name)
            #expect(try NetworkNamespace.leftovers().contains(name))
            namespace = nil
            #expect(try !NetworkNamespace.leftovers().contains(name))
        }

        @Test func offloads_are_switched() throws {
            let wire = try Wire()
            let left = wire.left
            try left.disableOffloads(on: "veth0")
            let features = try left.run(["ethtool", "-k", "veth0"])
            #expect(features.contains("tcp-segmentation-offload: off"))
            #expect(features.contains("tx-vlan-offload: off"))
            try left.setOffloads([.segmentation: true, .transmitChecksum: true], on: "veth0")
            #expect(try left.run(["ethtool", "-k", "veth0"]).contains("tcp-segmentation-offload: on"))
        }
    }
}
