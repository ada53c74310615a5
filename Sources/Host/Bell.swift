// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// A bell that any thread can ring, and that one thread waits for: an eventfd(2).
package struct Bell: ~Copyable, Sendable {
    private let descriptor: Descriptor

    package init() throws(KernelError) {
        let raw = weir_event_descriptor()
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot make an event descriptor") }
        descriptor = Descriptor(owning: raw)
    }

    /// Readable (poll(2)) while it rings.
    var rawDescriptor: CInt { descriptor.raw }

    /// It rings until `wait` or `silence` has heard it; ringing twice before is ringing once. Never blocks.
    package borrowing func ring() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor.raw, &one, MemoryLayout<UInt64>.size)
    }

    /// Blocks until it is rung or the time is over.
    package borrowing func wait(atMost duration: Duration) {
        if wait(for: [descriptor.raw], atMost: duration) { silence() }
    }

    /// Blocks until it is rung, another descriptor is readable (poll(2)), or the time is over.
    ///
    /// - Returns: false where the time is over.
    @discardableResult
    package borrowing func wait(atMost duration: Duration, orForReadable other: CInt) -> Bool {
        guard wait(for: [descriptor.raw, other], atMost: duration) else { return false }
        silence()
        return true
    }

    private func wait(for descriptors: [CInt], atMost duration: Duration) -> Bool {
        let milliseconds = max(0, min(duration / .milliseconds(1), 3_600_000)).rounded(.up)
        var places = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        return unsafe poll(&places, nfds_t(places.count), CInt(milliseconds)) > 0
    }

    /// Lets it not ring any more. Never blocks.
    package borrowing func silence() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor.raw, &count, MemoryLayout<UInt64>.size)
    }
}
