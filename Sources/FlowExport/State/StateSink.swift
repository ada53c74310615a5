// SPDX-License-Identifier: Apache-2.0

package import HostMonitor

/// A place that the state of the host and its machines is delivered to, report after report. State is not kept: what cannot be delivered at once is
/// dropped, since the next report says more.
///
/// A sink is used from one thread; its calls block on the other end, for a bounded time.
package protocol StateSink: AnyObject {
    /// Whether it is time for a report; one before that is not for this sink.
    var isDue: Bool { get }
    /// Delivers a report. What it throws says in a sentence what failed.
    func update(_ report: MonitorReport) throws
    /// What an operator should know that happened since the last call, a sentence each.
    func takeNotices() -> [String]
    /// Says what it has counted.
    func count(into report: inout StateReport)
}

extension StateSink {
    package var isDue: Bool { true }
    package func takeNotices() -> [String] { [] }
    package func count(into report: inout StateReport) {}
}
