// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit
import Testing

@testable import QEMUProcesses

@Suite struct CommandLineTests {
    private static func line(_ arguments: [String]) -> CommandLine {
        CommandLine((["qemu-system-x86_64"] + arguments).flatMap { Array($0.utf8) + [0] })
    }

    private static func line(_ text: String) -> CommandLine {
        line(text.split { $0 == " " || $0 == "\n" }.map { String($0) })
    }

    private static let uuid = "c0a8f00d-1111-4222-8333-0123456789ab"

    @Test func `a machine of Proxmox has its number, its name, and the taps of both cards`() {
        // The form of `qm showcmd`.
        let line = Self.line(
            """
            -id 100 -name web-1,debug-threads=on -no-shutdown
            -chardev socket,id=qmp,path=/var/run/qemu-server/100.qmp,server=on,wait=off -mon chardev=qmp,mode=control
            -pidfile /var/run/qemu-server/100.pid -daemonize -smbios type=1,uuid=\(Self.uuid)
            -smp 4,sockets=1,cores=4,maxcpus=4 -nodefaults -vnc unix:/var/run/qemu-server/100.vnc,password=on
            -cpu kvm64,enforce,+kvm_pv_eoi,+kvm_pv_unhalt -m 2048 -object iothread,id=iothread-virtioscsi0
            -device virtio-balloon-pci,id=balloon0,bus=pci.0,addr=0x3,free-page-reporting=on
            -netdev type=tap,id=net0,ifname=tap100i0,script=/usr/libexec/qemu-server/pve-bridge,downscript=/d,vhost=on
            -device virtio-net-pci,mac=BC:24:11:0A:A6:B6,netdev=net0,bus=pci.0,addr=0x12,id=net0,rx_queue_size=1024
            -netdev type=tap,id=net1,ifname=tap100i1,script=/usr/libexec/qemu-server/pve-bridge,vhost=on,queues=4
            -device virtio-net-pci,mac=BC:24:11:AD:4F:88,netdev=net1,bus=pci.0,addr=0x13,id=net1,mq=on
            -machine type=q35+pve0
            """)
        #expect(line.vmid == "100" && line.instanceID == "100")
        #expect(line.name == "web-1" && line.uuid == Self.uuid)
        #expect(
            line.cards == [
                .init(tap: .name("tap100i0"), address: MACAddress("bc:24:11:0a:a6:b6")),
                .init(tap: .name("tap100i1"), address: MACAddress("bc:24:11:ad:4f:88")),
            ])
    }

    @Test func `a machine of QEMU alone has the UUID and the name of either form`() {
        for name in ["web-1", "guest=web-1", "web-1,debug-threads=on", "debug-threads=on,guest=web-1,process=x"] {
            let line = Self.line(
                """
                -name \(name) -uuid \(Self.uuid.uppercased()) -netdev tap,id=a,ifname=tap7,script=no,downscript=no
                --device e1000,netdev=a,mac=52:54:00:00:00:07
                """)
            #expect(line.name == "web-1" && line.instanceID == Self.uuid, "\(name)")
            #expect(line.cards == [.init(tap: .name("tap7"), address: MACAddress("52:54:00:00:00:07"))])
        }
    }

    @Test func `cards of the short and of the old form have their taps`() {
        #expect(
            Self.line("-nic tap,ifname=tap1,model=virtio-net-pci,mac=52:54:00:00:00:01 -nic user -nic tap,ifname=tap2")
                .cards == [
                    .init(tap: .name("tap1"), address: MACAddress("52:54:00:00:00:01")),
                    .init(tap: .name("tap2"), address: nil),
                ])
        #expect(
            Self.line("-net nic,model=e1000,macaddr=52:54:00:00:00:03 -net tap,ifname=tap3,script=no").cards
                == [.init(tap: .name("tap3"), address: MACAddress("52:54:00:00:00:03"))])
        // Which of two is whose, the hub decides.
        #expect(
            Self.line("-net nic,macaddr=52:54:00:00:00:03 -net nic -net tap,ifname=tap3 -net tap,ifname=tap4").cards
                == [.init(tap: .name("tap3"), address: nil), .init(tap: .name("tap4"), address: nil)])
    }

    @Test func `taps that the process was given are descriptors`() {
        let line = Self.line([
            "-name", "guest=m1,debug-threads=on",
            "-netdev", #"{"type":"tap","fd":"30","vhost":true,"vhostfd":"32","id":"hostnet0"}"#,
            "-device", #"{"driver":"virtio-net-pci","netdev":"hostnet0","id":"net0","mac":"52:54:00:00:00:05"}"#,
            "-netdev", "tap,fds=40:41,id=n1", "-netdev", "tap,fd=monitor-name,id=n2", "-netdev", "tap,id=n3",
            "-netdev", "user,id=n4", "-netdev", "vhost-user,chardev=c,id=n5", "-netdev", "tap,fd=-1,id=n6",
        ])
        #expect(line.name == "m1" && line.instanceID == nil)
        #expect(
            line.cards == [
                .init(tap: .descriptor(30), address: MACAddress("52:54:00:00:00:05")),
                .init(tap: .descriptor(40), address: nil),
            ])
    }

    @Test func `a doubled comma is one of the value`() {
        #expect(Self.line(["-name", "guest=web,,1,, a,debug-threads=on"]).name == "web,1, a")
        #expect(Self.line(["-name", "web,,1,process=x"]).name == "web,1")
        #expect(Self.line(["-name", ",,"]).name == ",")
        #expect(
            Self.line(["-netdev", "tap,script=/a,,ifname=x,ifname=tap,,7,id=a"]).cards
                == [.init(tap: .name("tap,7"), address: nil)])
    }

    @Test func `of two values the later one counts`() {
        #expect(Self.line("-name a -name b,guest=c -uuid \(Self.uuid) -id 7 -id 8").name == "c")
        #expect(Self.line("-name a -name b,guest=c -uuid \(Self.uuid) -id 7 -id 8").vmid == "8")
    }

    @Test func `what cannot stand in a record is not said`() {
        let none = "00000000-0000-0000-0000-000000000000"
        for arguments in [
            [], ["-name"], ["-name", ""], ["-name", "process=x"], ["-name", "a\u{1b}[31m"], ["-uuid", none],
            ["-name", String(repeating: "x", count: 129)], ["-uuid", "c0a8f00d"], ["-uuid", Self.uuid + "0"],
            ["-id", "0"], ["-id", "07"], ["-id", "1000000000"], ["-id", "a"], ["-id", ""], ["-smbios", "type=2"],
            ["-smbios", "type=2,uuid=\(Self.uuid)"], ["-netdev", "tap,ifname=,id=a"], ["-netdev", "tap"],
            ["-netdev", "tap,ifname=0123456789abcdef"], ["-netdev", "{"], ["-netdev", #"{"type":["tap"]}"#],
            ["-append", "-name"], ["name", "a"],
        ] {
            #expect(Self.line(arguments) == Self.line([]), "\(arguments)")
        }
    }

    @Test func `an interface's name is that of the kernel's bytes, whatever they are`() {
        let bytes = Array("q\0-netdev\0tap,ifname=t".utf8) + [0xff] + Array(",id=a\0".utf8)
        #expect(CommandLine(bytes).cards == [.init(tap: .name(#"t\xff"#), address: nil)])
        #expect(CommandLine(Array("q\0-name\0a".utf8) + [0xff, 0]).name == nil)
    }

    @Test func `an argument that is cut off is not read`() {
        #expect(CommandLine(Array("q\0-name\0web".utf8)).name == nil)
        #expect(CommandLine(Array("-name\0web\0".utf8)).name == nil, "the program's own name")
        #expect(CommandLine([]) == CommandLine([0]))
    }

    @Test func `64 KiB of rubbish say little and cost little`() {
        var random = SystemRandomNumberGenerator()
        let alphabet = Array("-name\0netdev=tap,ifname:{}\"d".utf8)
        for _ in 0..<20 {
            _ = CommandLine((0..<65_536).map { _ in alphabet.randomElement(using: &random)! })
            _ = CommandLine((0..<65_536).map { _ in UInt8.random(in: 0...255, using: &random) })
        }
        let many = Self.line((0..<1500).flatMap { ["-netdev", "tap,id=a\($0),ifname=tap\($0)"] })
        #expect(many.cards.count == CommandLine.mostCards)
        #expect(Self.line(["-netdev", String(repeating: "{\"a\":", count: 10_000)]).cards.isEmpty)
        #expect(Self.line(["-netdev", String(repeating: ",", count: 60_000)]).cards.isEmpty)
        let values = (0..<5000).map { "a\($0)=1" }.joined(separator: ",")
        #expect(Self.line(["-netdev", values + ",ifname=tap0,type=tap"]).cards.isEmpty)
    }
}
