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

    /// It rings until it is heard by `wait`; ringing twice before is ringing once. Never blocks.
    package borrowing func ring() {
        var one: UInt64 = 1
        _ = unsafe write(descriptor.raw, &one, MemoryLayout<UInt64>.size)
    }

    /// Blocks until it is rung or the time is over.
    package borrowing func wait(atMost duration: Duration) {
        if wait(for: [descriptor.raw], atMost: duration) { hear() }
    }

    /// Blocks until it is rung, the programs ring for the meter, or the time is over.
    ///
    /// - Parameter wakes: of the tables that the meter is at.
    /// - Returns: how often the programs rang since they were heard last.
    @discardableResult
    package borrowing func wait(atMost duration: Duration, orFor wakes: borrowing MeterWakes) -> Int {
        guard wait(for: [descriptor.raw, wakes.descriptor], atMost: duration) else { return 0 }
        hear()
        return wakes.hear()
    }

    /// Blocks until it is rung, the kernel has news of interfaces, or the time is over.
    package borrowing func wait(atMost duration: Duration, orFor monitor: borrowing InterfaceMonitor) {
        if wait(for: [descriptor.raw, monitor.descriptor], atMost: duration) { hear() }
    }

    private func wait(for descriptors: [CInt], atMost duration: Duration) -> Bool {
        let milliseconds = max(0, min(duration / .milliseconds(1), 3_600_000)).rounded(.up)
        var places = descriptors.map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        return unsafe poll(&places, nfds_t(places.count), CInt(milliseconds)) > 0
    }

    private func hear() {
        var count: UInt64 = 0
        _ = unsafe read(descriptor.raw, &count, MemoryLayout<UInt64>.size)
    }
}
