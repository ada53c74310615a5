// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// Ports that a DPDK application reads through net_af_xdp: what the guests' cards say they sent is what is counted.
    @Suite struct DPDKTests {
        private static let ports = ["port-a", "port-b"]

        @Test func `a device adopts the program that it finds, and another start of it does so again`() throws {
            try Self.withGuests { site in
                for port in Self.ports { try site.weir("attach", port, "--hook", "xsk", "--xdp-mode", "native") }
                let before = try Self.sent(site)
                for _ in 0..<2 {
                    let application = try Self.startApplication(site)
                    try Self.talk(site)
                    try Self.expectForwarded(application.stop(SIGTERM, grace: .seconds(20)))
                }
                try expectCounted(site, since: before)
            }
        }

        @Test func `a program that a device brought itself is taken over`() throws {
            try Self.withGuests { site in
                try site.weir("object", "xsk", site.path("weir-xsk.o"))
                let application = try Self.startApplication(site, ",xdp_prog=\(site.path("weir-xsk.o"))")
                for port in Self.ports { try site.weir("attach", port) }
                let status = try site.status().ports
                #expect(status.allSatisfy { $0.fromHook == "xsk" && $0.xdpMode == "native" })
                let before = try Self.sent(site)
                try Self.talk(site)
                try Self.expectForwarded(application.stop(SIGTERM, grace: .seconds(20)))
                try expectCounted(site, since: before)
            }
        }

        @Test func `a switch on DPDK has its ports measured`() throws {
            try Self.withGuests { site in
                let pages = try HugePages(megabytes: 640, at: site.path("huge"))
                defer { pages.close() }
                for port in Self.ports { try site.weir("attach", port, "--hook", "xsk", "--xdp-mode", "native") }
                let before = try Self.sent(site)
                let ovs = try OpenVSwitch(
                    in: site.hub, daemon: Self.built("ovs-dpdk/ovs-vswitchd"),
                    settings: [
                        "dpdk-init": "true", "dpdk-socket-mem": "512", "pmd-cpu-mask": "0x2",
                        "dpdk-extra": "--no-pci --no-telemetry --huge-dir=\(pages.folder) --file-prefix=\(Self.prefix)",
                    ])
                defer { ovs.close() }
                try ovs.addBridge("br0")
                do {
                    for (device, port) in Self.ports.enumerated() {
                        try ovs.addPort(port, to: "br0", as: .dpdk(device))
                    }
                } catch {
                    Issue.record("\(ovs.log.suffix(3000))")
                    throw error
                }
                try Self.talk(site)
                try expectCounted(site, since: before)
            }
        }
    }
}

extension WeirCommandSuite.DPDKTests {
    /// The two guests, with nothing between their ports yet; what they send is complete.
    private static func withGuests(_ body: (Site) throws -> Void) throws {
        let libxdpFolder = LibxdpFolder()
        defer { libxdpFolder.remove() }
        try Site.with { site in
            try site.hub.delete("bridge")
            for (end, port) in [(site.left, "port-a"), (site.right, "port-b")] {
                try end.disableOffloads(on: "eth0")
                try site.hub.disableOffloads(on: port)
            }
            try body(site)
            try site.weir("detach", "--all")
        }
    }

    private static func startApplication(_ site: Site, _ arguments: String = "") throws -> ChildProcess {
        let devices = ports.enumerated().flatMap { number, port in
            ["--vdev", "net_af_xdp\(number),iface=\(port)\(arguments)"]
        }
        let application = try site.hub.start(
            [
                built("dpdk/weir-dpdk-port"), "--no-huge", "-m", "512", "--no-pci", "--no-telemetry", "-l", "0",
                "--file-prefix", prefix,
            ] + devices, environment: ["RUNTIME_DIRECTORY": site.folder])
        try waitUntil("the application forwards: \(application.errors)") {
            guard application.isRunning else { throw Site.Ended(errors: application.errors) }
            return application.output.contains("forwarding")
        }
        return application
    }

    /// Names DPDK's files.
    private static let prefix = "weir-t\(ProcessInfo.processInfo.processIdentifier)"

    private static func built(_ path: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
            .appending(path: ".build/\(path)").path
    }

    /// Pings, datagrams and a transfer by TCP, each answered by the other guest.
    private static func talk(_ site: Site) throws {
        try site.left.run(["ping", "-q", "-c", "100", "-i", "0.005", "10.9.0.2"])
        try site.right.run(["ping", "-q", "-c", "20", "-i", "0.005", "fd09::1"])
        let server = try site.right.start(["iperf3", "--server", "--one-off", "--bind", "10.9.0.2"])
        try waitUntil("iperf3 listens") { try site.right.run(["ss", "-Hltn"]).contains(":5201") }
        try site.left.run(
            ["iperf3", "--client", "10.9.0.2", "--bind", "10.9.0.1", "--bytes", "4M"], within: .seconds(60))
        try server.wait()
        let datagrams = try SteadyTraffic(site, atMost: 10)
        Thread.sleep(forTimeInterval: 0.5)
        _ = try datagrams.stop()
    }

    /// What each guest's card has sent so far.
    private static func sent(_ site: Site) throws -> [String: PacketCount] {
        var counts: [String: PacketCount] = [:]
        for (guest, port) in [(site.left, "port-a"), (site.right, "port-b")] {
            let sent = HostCounters(try guest.run(["cat", "/proc/net/dev"])).sent("eth0")
            counts[port] = PacketCount(packets: sent.frames, octets: sent.octets)
        }
        return counts
    }

    /// Frames that the application could not pass on are none of those that it was sent slowly.
    private static func expectForwarded(_ result: ChildProcess.Result) throws {
        #expect(result.status == 0, "\(result.errors)")
        let counts = result.output.matches(of: #/received (\d+) sent (\d+)/#).compactMap { UInt64($0.1) }
        #expect(counts.count == 2 && counts.allSatisfy { $0 > 100 }, "\(result.output)")
    }

    /// A veth whose other end has an XDP program counts octets without Ethernet's 14 (veth_xdp_rcv): 28 of an ARP packet.
    private func expectCounted(_ site: Site, since before: [String: PacketCount]) throws {
        let after = try Self.sent(site)
        for port in try site.status().ports {
            let sent = try #require(after[port.name]) - (try #require(before[port.name]))
            #expect(port.egress.seen.packets == sent.packets, "\(port.name)")
            #expect(port.egress.ip.bytes + 28 * port.egress.notIP.packets == sent.octets, "\(port.name)")
            #expect(port.egress.overflow.packets == 0 && port.egress.malformed.packets == 0)
            #expect(port.egress.seen.packets > 500, "\(port.name)")
        }
        #expect(after.count == 2)
    }
}
