// SPDX-License-Identifier: Apache-2.0

/// Why a frame is in no flow: the first of these that holds. As `enum weir_unparsed` numbers them.
package enum UnparsedReason: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    case notIP = 0
    /// Its headers contradict each other.
    case malformed = 1
    /// It ends before its headers or its IP length do.
    case truncated = 2
    /// It has more headers than are read.
    case beyondLimits = 3

    /// As records name it.
    package var name: StaticString {
        switch self {
        case .notIP: "not-ip"
        case .malformed: "malformed"
        case .truncated: "truncated"
        case .beyondLimits: "too-many-headers"
        }
    }
}

/// Frames that are in no flow, by the reason. Of `malformed` neither of the two that follow.
package struct UnparsedCounts: Equatable, Sendable, BitwiseCopyable {
    package var notIP: PacketCount
    package var malformed: PacketCount
    package var truncated: PacketCount
    package var beyondLimits: PacketCount

    package init(
        notIP: PacketCount = .zero, malformed: PacketCount = .zero, truncated: PacketCount = .zero,
        beyondLimits: PacketCount = .zero
    ) {
        self.notIP = notIP
        self.malformed = malformed
        self.truncated = truncated
        self.beyondLimits = beyondLimits
    }

    package subscript(_ reason: UnparsedReason) -> PacketCount {
        switch reason {
        case .notIP: notIP
        case .malformed: malformed
        case .truncated: truncated
        case .beyondLimits: beyondLimits
        }
    }

    package var sum: PacketCount { notIP + malformed + truncated + beyondLimits }

    func combined(with other: Self, by operation: (PacketCount, PacketCount) -> PacketCount) -> Self {
        Self(
            notIP: operation(notIP, other.notIP), malformed: operation(malformed, other.malformed),
            truncated: operation(truncated, other.truncated),
            beyondLimits: operation(beyondLimits, other.beyondLimits))
    }
}

extension PortTotals {
    /// All frames that are in no flow, by the reason.
    package var unparsed: UnparsedCounts {
        UnparsedCounts(
            notIP: notIP, malformed: malformed - truncated - beyondLimits, truncated: truncated,
            beyondLimits: beyondLimits)
    }
}

/// The beginning of a frame, for an operator to look at.
package struct FrameSample: Equatable, Sendable {
    /// Of the whole frame, in bytes.
    package var length: UInt32
    /// From the Ethernet header on, as they were on the wire.
    package var bytes: [UInt8]

    package init(length: UInt32, bytes: [UInt8]) {
        self.length = length
        self.bytes = bytes
    }
}

/// Frames of one port, direction and window that are in no flow for one reason, and met the same verdict.
package struct UnparsedFrames: Equatable, Sendable {
    package var direction: Direction
    package var reason: UnparsedReason
    package var count: PacketCount
    package var verdict: Verdict
    /// The first of them, or of those of the reason that met another verdict; nil where none was kept.
    package var sample: FrameSample?

    package init(
        direction: Direction, reason: UnparsedReason, count: PacketCount, verdict: Verdict, sample: FrameSample? = nil
    ) {
        self.direction = direction
        self.reason = reason
        self.count = count
        self.verdict = verdict
        self.sample = sample
    }
}

extension UnparsedReason {
    /// Why a policy refused such frames. One object for each: verdicts are told apart by their objects.
    package var rejectReason: RejectReason {
        switch self {
        case .notIP: Self.refusedNotIP
        case .malformed: Self.refusedMalformed
        case .truncated: Self.refusedTruncated
        case .beyondLimits: Self.refusedBeyondLimits
        }
    }

    private static let refusedNotIP = RejectReason("\(Self.notIP.name)")
    private static let refusedMalformed = RejectReason("\(Self.malformed.name)")
    private static let refusedTruncated = RejectReason("\(Self.truncated.name)")
    private static let refusedBeyondLimits = RejectReason("\(Self.beyondLimits.name)")
}
