// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What conntrack must have said of a record's packets, as far as their TCP flags tell.
enum ConntrackGuess {
    /// Segments with SYN alone: of a connection that was not there yet.
    case new
    /// Of the opener of a connection, SYN and what came after: new, then established.
    case conversation
    case notKnown

    init(_ record: borrowing FlowRecord) {
        guard record.key.transport == TransportNumber.tcp else {
            self = .notKnown
            return
        }
        let (fin, syn, reset, acknowledgement): (UInt16, UInt16, UInt16, UInt16) = (1, 2, 4, 16)
        let bits = record.tcpControlBits
        guard bits & syn != 0 else {
            self = .notKnown
            return
        }
        if bits & (fin | reset | acknowledgement) == 0 {
            self = .new
        } else {
            // AWS's reduction has ACK where one segment has both: the side that answers.
            self = UInt16(record.tcpFlags) & acknowledgement == 0 ? .conversation : .notKnown
        }
    }

    func allows(_ leaf: MegaflowLeaf) -> Bool {
        switch self {
        case .new: leaf.allowsNew
        case .conversation: leaf.allowsNew || leaf.allowsEstablished
        case .notKnown: true
        }
    }

    /// Of several rules that let packets through, the one that let in the connection.
    var isOpened: Bool { self != .notKnown }
}
