// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// Machines of QEMU that nobody manages: real processes under emulation, behind taps of the test.
    @Suite struct QEMUNameTests {
        private static let uuids = (1...2).map { "\($0)2222222-2222-2222-2222-222222222222" }
        private static let emulator = [
            "qemu-system-x86_64", "-nodefaults", "-display", "none", "-accel", "tcg", "-m", "32M",
        ]
        private static let head = """
            account-id: 123456789012
            publish-period: 1s
            interval: 1
            format: json
            ports: [qtap*, tap100i*]

            """

        private static func with(_ taps: [String], _ more: String = "", _ body: (Site) throws -> Void) throws {
            try Site.with { site in
                try site.write(head + "log-dir: \(site.logs)\n" + more, to: "weir.yaml")
                for (index, tap) in taps.enumerated() {
                    try site.hub.ip("tuntap add \(tap) mode tap")
                    try site.hub.ip("address add 10.8.\(index).1/24 dev \(tap)")
                    try site.hub.ip("link set \(tap) up")
                    for host in [2, 3] {
                        try site.hub.ip("neigh replace 10.8.\(index).\(host) lladdr 52:54:00:00:00:99 dev \(tap)")
                    }
                }
                try body(site)
            }
        }

        /// Starts a machine that has nothing to boot.
        private static func machine(_ site: Site, _ arguments: [String], tap: String) throws -> ChildProcess {
            let machine = try site.hub.start(
                emulator + arguments + [
                    "-netdev", "tap,id=n0,ifname=\(tap),script=no,downscript=no", "-device",
                    "virtio-net-pci,netdev=n0,romfile=,mac=52:54:00:00:00:99",
                ])
            try waitForCarrier(site, tap, of: machine)
            return machine
        }

        private static func waitForCarrier(_ site: Site, _ tap: String, of machine: ChildProcess) throws {
            try waitUntil("\(tap) has a carrier: \(machine.errors)") {
                try site.hub.ip("link show \(tap)").contains("LOWER_UP")
            }
        }

        /// Sends pings out of a tap, which nobody answers; returns how many.
        private static func ping(_ site: Site, _ address: String) throws -> UInt64 {
            _ = try site.hub.outcome(of: ["ping", "-q", "-c", "5", "-i", "0.01", "-W", "1", address])
            return 5
        }

        private static func records(_ site: Site) throws -> [LogLine] {
            try LogLines.json(try site.weir("logs", "--since", "1h", "--format", "json"))
        }

        /// Packets to an address in the records so far, by the machine's identifier and name.
        private static func packets(_ site: Site, to address: String) throws -> [[String?]: UInt64] {
            try records(site).filter { $0["dstaddr"] == address }.reduce(into: [:]) { sums, line in
                sums[[line["instance-id"], line["instance-name"]], default: 0] += try LogLines.number(line, "packets")
            }
        }

        private static func waitForName(_ site: Site, _ name: String, _ tap: String) throws {
            try waitUntil("a window names \(tap) \(name)") {
                try records(site).contains { $0["port"] == tap && $0["instance-name"] == name }
            }
        }

        @Test func `records name the machine whose process has the tap, and the next one after it`() throws {
            try Self.with(["qtap0", "qtap1"]) { site in
                // One machine is there before the daemon, the others come while it runs.
                let first = try Self.machine(
                    site, ["-name", "guest=web,,1,debug-threads=on", "-uuid", Self.uuids[0]], tap: "qtap0")
                let daemon = try site.daemon()
                try site.waitForPorts(["qtap0", "qtap1"])
                try Self.waitForName(site, "web,1", "qtap0")
                let other = try Self.machine(
                    site, ["-name", "other", "-smbios", "type=1,uuid=\(Self.uuids[1].uppercased())"], tap: "qtap1")
                try Self.waitForName(site, "other", "qtap1")
                let sent = try Self.ping(site, "10.8.0.2")
                // A machine that hangs keeps its name, and its end is seen.
                other.signal(SIGSTOP)
                for _ in 0..<2 { try site.waitForWindow() }

                first.stop(SIGKILL)
                let second = try Self.machine(site, ["-name", "web-2"], tap: "qtap0")
                try Self.waitForName(site, "web-2", "qtap0")
                let sentLater = try Self.ping(site, "10.8.0.3")
                let sentToOther = try Self.ping(site, "10.8.1.2")
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(daemon.stop().status == 0)
                other.stop(SIGKILL)
                second.stop(SIGKILL)

                #expect(try Self.packets(site, to: "10.8.0.2") == [[Self.uuids[0], "web,1"]: sent])
                #expect(try Self.packets(site, to: "10.8.0.3") == [[nil, "web-2"]: sentLater])
                #expect(try Self.packets(site, to: "10.8.1.2") == [[Self.uuids[1], "other"]: sentToOther])
                #expect(!daemon.errors.contains("QEMU"))
            }
        }

        /// Opens a tap as its descriptor 30 and becomes what follows.
        private static let opener = """
            import fcntl, os, struct, sys
            tap = os.open("/dev/net/tun", os.O_RDWR)
            # TUNSETIFF; IFF_TAP | IFF_NO_PI | IFF_VNET_HDR
            fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH", sys.argv[1].encode(), 0x5002))
            os.dup2(tap, 30, inheritable=True)
            os.execvp(sys.argv[2], sys.argv[2:])
            """

        @Test func `a tap that the process was given is named where the kernel says which it is`() throws {
            try Self.with(["qtap0", "qtap1"]) { site in
                let daemon = try site.daemon()
                try site.waitForPorts(["qtap0", "qtap1"])
                func start(_ name: String, _ tap: String, behind wrapper: [String]) throws -> ChildProcess {
                    let machine = try site.hub.start(
                        ["python3", "-c", Self.opener, tap] + wrapper + Self.emulator + [
                            "-name", name, "-netdev", "tap,id=n0,fd=30", "-device", "virtio-net-pci,netdev=n0,romfile=",
                        ])
                    try Self.waitForCarrier(site, tap, of: machine)
                    return machine
                }
                // The kernel shows descriptors to who may do all that the process may (ptrace(2)): the daemon's thread may nothing.
                let withoutAny = ["setpriv", "--bounding-set", "-all", "--inh-caps", "-all"]
                let bare = try start("bare", "qtap0", behind: withoutAny)
                let privileged = try start("privileged", "qtap1", behind: [])
                try Self.waitForName(site, "bare", "qtap0")
                let sent = try Self.ping(site, "10.8.0.2")
                let sentToOther = try Self.ping(site, "10.8.1.2")
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(daemon.stop().status == 0)
                for machine in [bare, privileged] { machine.stop(SIGKILL) }
                #expect(try Self.packets(site, to: "10.8.0.2") == [[nil, "bare"]: sent])
                #expect(try Self.packets(site, to: "10.8.1.2") == [[nil, nil]: sentToOther])
            }
        }

        @Test func `a machine of Proxmox has its number, also behind a tap that was plugged in later`() throws {
            try Self.with([]) { site in
                let shell = URL(filePath: "/bin/sh").resolvingSymlinksInPath().path
                try FileManager.default.copyItem(atPath: shell, toPath: site.path("kvm"))
                let taps = try ["tap100i0", "tap100i1"].map { try TapDevice($0, in: site.hub) }
                let daemon = try site.daemon()
                try site.waitForPorts(taps.map(\.name))
                // Proxmox's own option, which Debian's QEMU does not know: a shell that is called as its QEMU is.
                let machine = try site.hub.start([
                    site.path("kvm"), "-c", #"mkfifo "$0" && read x <>"$0""#, site.path("fifo"), "-id", "100", "-name",
                    "web-1,debug-threads=on", "-smbios", "type=1,uuid=\(Self.uuids[0])", "-netdev",
                    "type=tap,id=net0,ifname=tap100i0,script=/usr/libexec/qemu-server/pve-bridge,vhost=on",
                ])
                for tap in taps { try Self.waitForName(site, "web-1", tap.name) }
                #expect(daemon.stop().status == 0)
                machine.stop(SIGKILL)
                let named = try Self.records(site).filter { $0["instance-name"] != nil }
                #expect(named.allSatisfy { $0["instance-id"] == "100" })
            }
        }

        @Test func `without qemu-names nothing is named`() throws {
            try Self.with(["qtap0"], "qemu-names: false\n") { site in
                let machine = try Self.machine(site, ["-name", "web"], tap: "qtap0")
                let daemon = try site.daemon()
                try site.waitForPorts(["qtap0"])
                let sent = try Self.ping(site, "10.8.0.2")
                for _ in 0..<2 { try site.waitForWindow() }
                #expect(daemon.stop().status == 0)
                machine.stop(SIGKILL)
                #expect(try Self.packets(site, to: "10.8.0.2") == [[nil, nil]: sent])
            }
        }
    }
}
