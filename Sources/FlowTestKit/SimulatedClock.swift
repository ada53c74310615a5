// SPDX-License-Identifier: Apache-2.0

package import FlowModel
import Host
import Synchronization

/// A clock that moves when it is told to, and whose wall clock can be stepped.
package final class SimulatedClock: HostClock {
    private let anchor: Mutex<ClockAnchor>

    package init(monotonic: MonotonicTime, realtime: UnixTime) {
        anchor = Mutex(ClockAnchor(monotonic: monotonic, realtime: realtime))
    }

    package var now: ClockAnchor { anchor.withLock(\.self) }

    /// Lets time go by.
    package func advance(by duration: Duration) {
        anchor.withLock { anchor in
            anchor = ClockAnchor(
                monotonic: anchor.monotonic.advanced(by: duration), realtime: anchor.realtime.advanced(by: duration))
        }
    }

    /// Steps the wall clock alone, forwards or backwards.
    package func step(by duration: Duration) {
        anchor.withLock { anchor in
            anchor = ClockAnchor(monotonic: anchor.monotonic, realtime: anchor.realtime.advanced(by: duration))
        }
    }
}
