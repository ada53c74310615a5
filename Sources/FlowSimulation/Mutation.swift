// SPDX-License-Identifier: Apache-2.0

/// A fault that a simulation builds in on purpose, to show that its checks find it.
package enum Mutation: String, CaseIterable, Sendable {
    /// A sink's cursor goes on before the other end has acknowledged the window.
    case cursorBeforeAcknowledgement = "cursor-before-acknowledgement"
    /// fsync returns at once.
    case noSync = "no-fsync"
    /// A window's records are judged again when they are delivered.
    case judgedTwice = "judged-twice"
    /// The merge of an hour removes the hour's segments, and then gives the merged file its name.
    case mergeRemovesFirst = "merge-removes-first"
    /// Retention removes windows that a sink does not have, without a count of their packets.
    case uncountedRetention = "uncounted-retention"
}
