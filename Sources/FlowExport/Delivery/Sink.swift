// SPDX-License-Identifier: Apache-2.0

package import FlowModel
package import FlowStore

/// A place that records are delivered to: files, standard output.
///
/// A `SinkRunner` hands over windows of the store, in the order of their numbers. A sink is used from one thread, and its calls block on the
/// other end.
package protocol Sink: AnyObject {
    /// The number of the last window that the sink has, acknowledged or not; the next one to be handed over has a higher number. It falls when
    /// the sink has lost what was not acknowledged.
    var taken: UInt64 { get }
    /// The number of the last window that is safe at the other end, as are all before it: the cursor may say so.
    var acknowledged: UInt64 { get }
    var counts: SinkCounts { get }
    /// When what was taken goes to the other end at the latest; nil where nothing waits for a time.
    var nextDelivery: UnixTime? { get }

    /// Begins a window: its records follow by `append`, then `end` or `abandon`.
    func begin(_ window: StoredSegment) throws
    func append(_ entry: LogEntry)
    /// Ends the window, which is taken then. If it throws, nothing of the window was taken; a `SinkRefusal` says that it never can be.
    func end() throws
    /// Forgets the records of the window that was begun.
    func abandon()
    /// Counts a window as taken of which the sink gets nothing.
    func skip(_ window: StoredSegment)
    /// Does what is due at that time.
    func tend(now: UnixTime) throws
    /// Told when the cursor has the number of the last window that was acknowledged, on the disk.
    func cursorIsSafe() throws
    /// Delivers all that was taken, at the end of the process.
    func finish() throws
    /// What an operator should know that happened since the last call, a sentence each.
    func takeNotices() -> [String]
}

/// The other end is gone for good: the reader of standard output, which cannot come back.
package struct SinkEnd: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

/// A window that the other end will never take.
package struct SinkRefusal: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}
