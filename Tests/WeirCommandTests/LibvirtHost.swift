// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation

/// A private libvirtd with real machines under emulation, in the hub of a site: all that it writes lies in the site's folder.
///
/// Its mounts are its own: it sees a `/run/libvirt`, a `/var/lib/libvirt` and an `/etc/libvirt` that the host does not have.
final class LibvirtHost {
    private let site: Site
    private(set) var daemon: ChildProcess
    private let folder: String

    /// - Parameters:
    ///   - name: of its folder.
    ///   - uuid: of the host that it takes itself to be on, without which two on one host do not migrate machines to each other.
    init(_ site: Site, _ name: String = "libvirt", uuid: String? = nil) throws {
        self.site = site
        folder = site.path(name)
        for name in ["etc", "run", "lib", "cache", "log", "sockets"] {
            try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
        }
        try site.write(
            """
            user = "root"
            group = "root"
            security_driver = "none"
            cgroup_controllers = []
            namespaces = []
            stdio_handler = "file"

            """, to: "\(name)/etc/qemu.conf")
        try site.write(
            "unix_sock_dir = \"\(folder)/sockets\"\nauth_unix_ro = \"none\"\nauth_unix_rw = \"none\"\n"
                + (uuid.map { "host_uuid = \"\($0)\"\n" } ?? ""), to: "\(name)/libvirtd.conf")
        // The user that libvirt's package of a service makes, without which the driver does not start.
        try site.write(
            """
            set -e
            cp /etc/passwd /etc/group \(folder)
            echo 'libvirt-qemu:x:64055:64055::/nonexistent:/usr/sbin/nologin' >> \(folder)/passwd
            echo 'libvirt-qemu:x:64055:' >> \(folder)/group
            mount --bind \(folder)/passwd /etc/passwd
            mount --bind \(folder)/group /etc/group
            mount --bind \(folder)/etc /etc/libvirt
            for name in run/libvirt var/lib/libvirt var/cache/libvirt var/log/libvirt; do
                mount -t tmpfs weir-t /${name%/libvirt}
                mkdir /$name
            done
            mount --bind \(folder)/run /run/libvirt
            mount --bind \(folder)/lib /var/lib/libvirt
            mount --bind \(folder)/cache /var/cache/libvirt
            mount --bind \(folder)/log /var/log/libvirt
            exec libvirtd -f \(folder)/libvirtd.conf

            """, to: "\(name)/start")
        daemon = try Self.start(site, folder)
        try waitForAnswer()
    }

    private static func start(_ site: Site, _ folder: String) throws -> ChildProcess {
        try ChildProcess([
            "nsenter", "--net=\(site.hub.path)", "unshare", "--mount", "--propagation", "private", "sh",
            "\(folder)/start",
        ])
    }

    private func waitForAnswer() throws {
        try waitUntil("libvirtd answers", within: .seconds(60)) { (try? virsh("list")) != nil }
    }

    /// Where anybody may read.
    var uri: String { "qemu:///system?socket=\(folder)/sockets/libvirt-sock-ro" }

    /// Where its owner may do all.
    var ownerURI: String { "qemu:///system?socket=\(folder)/sockets/libvirt-sock" }

    /// What is put before a command to have this libvirtd's sockets where the host's would be.
    var asHosts: [String] {
        let script = """
            mount -t tmpfs weir-t /run && mkdir /run/libvirt && mount --bind \(folder)/sockets /run/libvirt && exec "$@"
            """
        return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "-"]
    }

    @discardableResult
    func virsh(_ arguments: String...) throws -> String {
        try ChildProcess.run(["virsh", "-c", ownerURI] + arguments)
    }

    /// Starts a machine that does nothing, with one interface.
    ///
    /// - Parameters:
    ///   - disk: the file of a disk, which it looks for something to start on.
    ///   - startsFromNetwork: whether it asks by DHCP, for half a minute, and takes what comes in at its interface meanwhile.
    ///   - image: the folder of what it boots (`GuestMachine.makeImage`); what its script prints is in `console` there.
    ///   - action: what virsh does with its document.
    func startMachine(
        _ name: String, uuid: String, tap: String, mac: String, metadata: String = "", disk: String? = nil,
        startsFromNetwork: Bool = false, image: String? = nil, by action: String = "create"
    ) throws {
        let boot = image.map {
            "<kernel>\($0)/vmlinuz</kernel><initrd>\($0)/initramfs</initrd><cmdline>console=ttyS0 quiet panic=-1</cmdline>"
        }
        let console = image.map { "<serial type='file'><source path='\($0)/console'/></serial>" }
        let disk = disk.map {
            "<disk type='file'><driver name='qemu' type='raw'/><source file='\($0)'/><target dev='vda' bus='virtio'/></disk>"
        }
        try site.write(
            """
            <domain type='qemu'><name>\(name)</name><uuid>\(uuid)</uuid>\(metadata)<memory unit='MiB'>\(image == nil ? 32 : 256)</memory>
            <os><type arch='x86_64' machine='pc'>hvm</type>\(startsFromNetwork ? "<boot dev='network'/>" : "")\(boot ?? "")</os><features><acpi/></features>
            <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>\(disk ?? "")\(console ?? "")\
            \(Self.interface(tap, mac, hasROM: startsFromNetwork))</devices></domain>

            """, to: "\(name).xml")
        try virsh(action, site.path("\(name).xml"))
    }

    /// - Parameter isOurs: whether the tap is there already, and stays.
    func plug(_ tap: String, mac: String, into machine: String, isOurs: Bool = false) throws {
        try site.write(Self.interface(tap, mac, isOurs: isOurs), to: "\(tap).xml")
        try virsh("attach-device", machine, site.path("\(tap).xml"), "--live")
    }

    /// Asks the machine to let go of what was plugged into it. Whether it does is its own choice.
    func unplug(_ tap: String, from machine: String) throws {
        try virsh("detach-device", machine, site.path("\(tap).xml"), "--live")
    }

    /// Moves a machine that runs to another libvirtd, where it has another tap.
    func migrate(_ machine: String, to other: LibvirtHost, tap old: String, as new: String) throws {
        let document = try virsh("dumpxml", "--migratable", machine).replacing("'\(old)'", with: "'\(new)'")
        try site.write(document, to: "\(machine)-there.xml")
        try virsh(
            "migrate", "--live", machine, other.ownerURI, "--migrateuri", "tcp://127.0.0.1", "--xml",
            site.path("\(machine)-there.xml"))
    }

    private static func interface(
        _ tap: String, _ mac: String, hasROM: Bool = false, isOurs: Bool = false
    ) -> String {
        """
        <interface type='ethernet'><mac address='\(mac)'/><target dev='\(tap)'\(isOurs ? " managed='no'" : "")/><model type='virtio'/>\
        \(hasROM ? "" : "<rom enabled='no'/>")</interface>
        """
    }

    /// The process of a machine.
    func pid(of machine: String) throws -> Int32? {
        let text = try? String(contentsOfFile: "\(folder)/run/qemu/\(machine).pid", encoding: .utf8)
        return text.flatMap { Int32($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
    }

    /// Kills libvirtd, and starts another one in its place; machines go on.
    func restart(whileAway body: () throws -> Void) throws {
        daemon.stop(SIGKILL)
        try body()
        daemon = try Self.start(site, folder)
        try waitForAnswer()
    }

    /// Ends all machines, and libvirtd.
    func close() {
        let files = (try? FileManager.default.contentsOfDirectory(atPath: "\(folder)/run/qemu")) ?? []
        let machines = files.filter { $0.hasSuffix(".pid") }.compactMap { try? pid(of: String($0.dropLast(4))) }
        daemon.stop(SIGKILL)
        for machine in machines { kill(machine, SIGKILL) }
        // What they have open is gone when they are.
        for _ in 0..<500 where machines.contains(where: { kill($0, 0) == 0 }) { Thread.sleep(forTimeInterval: 0.01) }
    }
}
