// SPDX-License-Identifier: Apache-2.0

/// What is missing of a port that is attached.
package enum PortFault: Hashable, Sendable, CaseIterable {
    /// The interface is not in the network namespace any more that the port was attached in.
    case interfaceGone
    case fromDetached
    case toDetached
    case fromUnpinned
    case toUnpinned
    /// A program of the port was detached, and another process has put one there again.
    case attachedAnew
    case countersUnpinned
    case connectionsUnpinned
    case socketsUnpinned
    case fragmentsUnpinned

    package var text: String {
        switch self {
        case .interfaceGone: "the interface is gone"
        case .fromDetached: "the program on the from side was detached"
        case .toDetached: "the program on the to side was detached"
        case .fromUnpinned: "the pin of the program on the from side was removed"
        case .toUnpinned: "the pin of the program on the to side was removed"
        case .attachedAnew: "a program was detached and attached again by another process"
        case .countersUnpinned: "the pin of the port's counters was removed"
        case .connectionsUnpinned: "the pin of the port's connections was removed"
        case .fragmentsUnpinned: "the pin of the port's fragments was removed"
        case .socketsUnpinned: "the pin of the port's sockets was removed"
        }
    }

    /// Whether frames may not have been counted: a program without its pin is gone, unless another process holds it.
    package var losesFrames: Bool {
        switch self {
        case .fromDetached, .toDetached, .fromUnpinned, .toUnpinned, .attachedAnew: true
        case .interfaceGone, .countersUnpinned, .connectionsUnpinned, .socketsUnpinned, .fragmentsUnpinned: false
        }
    }

    /// Whether a map of the port may be another one now.
    var isOfMaps: Bool {
        switch self {
        case .countersUnpinned, .connectionsUnpinned, .fragmentsUnpinned: true
        case .interfaceGone, .fromDetached, .toDetached, .fromUnpinned, .toUnpinned, .attachedAnew, .socketsUnpinned:
            false
        }
    }

    static func detached(_ side: TCHook.Side) -> PortFault { side == .toPort ? .toDetached : .fromDetached }
    static func unpinned(_ side: TCHook.Side) -> PortFault { side == .toPort ? .toUnpinned : .fromUnpinned }

    /// Whether the program of that side has to be attached again.
    func isOf(_ side: TCHook.Side) -> Bool { self == .detached(side) || self == .unpinned(side) }
}

extension [PortFault] {
    package var text: String { map(\.text).joined(separator: "; ") }
}
