// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// A tap as a virtual machine monitor has it: frames are written with a virtio header in front. It goes with its owner.
package final class TapDevice: Sendable {
    package let name: String
    private let descriptor: Int32

    /// Makes the tap in the namespace and brings it up, with no addresses.
    package init(_ name: String, in namespace: NetworkNamespace) throws {
        self.name = name
        descriptor = try namespace.inside { try Self.open(name) }
        try namespace.bringUp(name)
        try waitUntil("\(name) has a carrier") { try namespace.ip("link show \(name)").contains("LOWER_UP") }
    }

    deinit { close(descriptor) }

    private static func open(_ name: String) throws -> Int32 {
        // Not blocking, as QEMU has it: only such writes take the kernel's shorter way (tun_can_build_skb).
        let descriptor = unsafe Foundation.open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Failure(operation: "open /dev/net/tun", errno: errno) }
        var request = interfaceRequest(name)
        let result = unsafe request.withUnsafeMutableBytes { bytes in
            unsafe ioctl(descriptor, setInterface, bytes.baseAddress!)
        }
        guard result == 0 else {
            let failure = Failure(operation: "make the tap \(name)", errno: errno)
            close(descriptor)
            throw failure
        }
        return descriptor
    }

    /// linux/if_tun.h: TUNSETIFF; IFF_TAP, IFF_NO_PI, IFF_VNET_HDR.
    private static let setInterface: UInt = 0x4004_54ca
    private static let flags: UInt16 = 0x0002 | 0x1000 | 0x4000

    /// A `struct ifreq`: sixteen bytes of name, then the flags.
    private static func interfaceRequest(_ name: String) -> [UInt8] {
        precondition(name.utf8.count < 16)
        let bytes = Array(name.utf8) + Array(repeating: 0, count: 16 - name.utf8.count)
        return bytes + [UInt8(truncatingIfNeeded: flags), UInt8(flags >> 8)] + Array(repeating: 0, count: 22)
    }

    /// Writes what a guest sends; the kernel has dealt with it when this returns.
    package func write(_ frame: TapFrame) throws {
        let written = unsafe frame.bytes.withUnsafeBytes { bytes in
            unsafe Foundation.write(descriptor, bytes.baseAddress, bytes.count)
        }
        guard written == frame.bytes.count else {
            throw Failure(operation: "write \(frame.bytes.count) bytes to \(name)", errno: errno)
        }
    }

    /// What has come for the guest and was not read yet, one frame a read, without the virtio headers.
    ///
    /// Nobody has said that this guest takes segments or unfinished checksums: each frame is as it is on a wire.
    package func read() throws -> [[UInt8]] {
        var frames: [[UInt8]] = []
        while let bytes = try readOne() { frames.append(Array(bytes.dropFirst(TapFrame.headerLength))) }
        return frames
    }

    /// nil where nothing is there.
    private func readOne() throws -> [UInt8]? {
        var count = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 70_000) { buffer, length in
            count = unsafe Foundation.read(descriptor, buffer.baseAddress!, buffer.count)
            length = max(count, 0)
        }
        guard count < 0 else { return bytes }
        guard errno == EAGAIN else { throw Failure(operation: "read from \(name)", errno: errno) }
        return nil
    }

    package struct Failure: Error, CustomStringConvertible {
        package let operation: String
        package let errno: Int32

        package var description: String { "cannot \(operation): errno \(errno)" }
    }
}
