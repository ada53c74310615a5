// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A virtual machine with one network card behind a tap: Debian's kernel under QEMU, with a shell script for all that it
/// does. It is ended with its owner.
package final class GuestMachine: Sendable {
    /// How its card and the tap pass frames.
    package enum Card: String, Sendable, CaseIterable {
        /// Every frame as it is on a wire.
        case plain
        /// With a virtio header: the guest leaves segments and check sums to the host, and the host to the guest.
        case offloading

        fileprivate var backend: String { self == .offloading ? "vnet_hdr=on" : "vnet_hdr=off" }

        fileprivate var device: String {
            guard self == .plain else { return "" }
            let offloads = [
                "csum", "gso", "host_tso4", "host_tso6", "host_ufo", "guest_csum", "guest_tso4", "guest_tso6",
            ]
            return offloads.map { ",\($0)=off" }.joined()
        }
    }

    private let machine: ChildProcess
    private let folder: String

    /// Boots it. The tap is there, in the namespace, with `vnet_hdr` where the card offloads.
    ///
    /// - Parameter script: for busybox's shell; what it prints is the machine's output. `eth0` is there when it begins.
    /// - Parameter folder: for what it boots; made.
    package init(
        behind tap: String, in namespace: NetworkNamespace, card: Card, address: String, script: String,
        folder: String
    ) throws {
        self.folder = folder
        try Self.makeImage(in: folder, script: script)
        machine = try namespace.start([
            "qemu-system-x86_64", "-nodefaults", "-display", "none", "-no-reboot", "-accel", "tcg", "-cpu", "max",
            "-m", "256M", "-kernel", "\(folder)/vmlinuz", "-initrd", "\(folder)/initramfs", "-append",
            "console=ttyS0 quiet panic=-1 ipv6.disable=1", "-serial", "stdio", "-netdev",
            "tap,id=net,ifname=\(tap),script=no,downscript=no,\(card.backend)", "-device",
            "virtio-net-pci,netdev=net,romfile=,mac=\(address)\(card.device)",
        ])
    }

    /// Puts what a machine boots, `vmlinuz` and `initramfs`, into a folder, which is made.
    package static func makeImage(in folder: String, script: String) throws {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        try Data(script.utf8).write(to: URL(filePath: "\(folder)/script"))
        try ChildProcess.run([tool, folder, "\(folder)/script"], within: .seconds(240))
    }

    private static let tool = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().appending(path: "tools/guest-image").path

    /// What it has printed so far.
    package var output: String { machine.output }

    /// Waits until it has done its script and is off; all that it printed.
    package func run(within limit: Duration) throws -> String {
        let result = try machine.wait(within: limit)
        guard result.succeeded else { throw ChildProcess.Failure(command: machine.command, result: result) }
        return result.output
    }
}
