// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import Glibc
package import Host

/// The receiving end of the ring through which programs say that the open window fills up.
///
/// One event a window. What it is about is in the control page; here it only ends a wait. One reader at a time.
@safe package struct MeterWakes: ~Copyable {
    private let ring: OpaquePointer

    package init(of maps: borrowing FlowMaps) throws(KernelError) {
        // Called for each event; 0 goes on to the next.
        let ignore: ring_buffer_sample_fn = { _, _, _ in 0 }
        guard let opened = unsafe ring_buffer__new(maps.wakes.descriptor.raw, ignore, nil, nil) else {
            throw KernelError(errno: errno, "cannot listen to \(maps.wakes.name)")
        }
        unsafe ring = unsafe opened
    }

    deinit { unsafe ring_buffer__free(ring) }

    /// Readable (poll(2)) while there are unread events.
    fileprivate var descriptor: CInt { unsafe ring_buffer__epoll_fd(ring) }

    /// Takes all events out of the ring and says how many there were. Does not block.
    @discardableResult
    package func hear() -> Int { max(0, Int(unsafe ring_buffer__consume(ring))) }
}

extension Bell {
    /// Blocks until it is rung, the programs ring for the meter, or the time is over.
    ///
    /// - Parameter wakes: of the tables that the meter is at.
    /// - Returns: how often the programs rang since they were heard last.
    @discardableResult
    package borrowing func wait(atMost duration: Duration, orFor wakes: borrowing MeterWakes) -> Int {
        wait(atMost: duration, orForReadable: wakes.descriptor) ? wakes.hear() : 0
    }
}
