// SPDX-License-Identifier: Apache-2.0

package import FlowModel
import Foundation
package import Host

/// What `weir-mirror` tells the daemon: a line of JSON. And the lines that the daemon tells it, after the plan.
package struct MirrorMessage: Codable, Equatable, Sendable {
    /// Copies that this process has sent.
    package var sent: UInt64 = 0
    /// The kernel's number of the ring that it reads.
    package var ring: UInt32?
    /// All that lies before this position of the ring is sent, or was told of as unsent.
    package var position: UInt64 = 0
    /// Copies that could not be sent, since the message before.
    package var unsent: [UnsentCopies] = []
    /// What the operator should know, for the daemon's log.
    package var said: [String] = []
    /// Why nothing can be sent at all.
    package var failure: String?

    package init() {}

    /// The line by which the daemon asks for the end: what lies in the ring is sent first.
    package static let finish = "finish"
    /// None is asked for by this process.
    package static let restartStatus: Int32 = 75

    private static let sessionWord = "session "
    private static let ringWord = "ring "
    private static let outletWord = "socket "

    /// The line by which the daemon tells of a session, before a record can have its label.
    package static func line(of session: MirrorSession) -> String {
        sessionWord + ((try? JSONEncoder().encode(session)).map { String(decoding: $0, as: UTF8.self) } ?? "")
    }

    /// The session that a line tells of; nil where it tells of none.
    package static func session(_ line: String) -> MirrorSession? {
        guard line.hasPrefix(sessionWord) else { return nil }
        return try? JSONDecoder().decode(MirrorSession.self, from: Data(line.dropFirst(sessionWord.count).utf8))
    }

    /// The line with which the daemon hands over a socket.
    package static func line(of outlet: Outlet) -> String {
        "\(outletWord)\(outlet.kind.version.rawValue) \(outlet.kind.hasChecksum ? 1 : 0) \(outlet.number)"
    }

    /// What the socket that comes with a line is for; nil where none does.
    package static func outlet(_ line: String) -> Outlet? {
        guard line.hasPrefix(outletWord) else { return nil }
        let words = line.dropFirst(outletWord.count).split(separator: " ")
        guard words.count == 3, let version = UInt8(words[0]).flatMap(IPVersion.init(rawValue:)),
            let number = Int(words[2])
        else {
            return nil
        }
        return Outlet(kind: TunnelSocket.Kind(version, hasChecksum: words[1] == "1"), number: number)
    }

    /// Which tunnels' packets leave by a socket. It has a source port of its own: there are several of a kind, so that the network can spread
    /// connections over its paths (RFC 7348 §4.2).
    package struct Outlet: Hashable, Sendable {
        package var kind: TunnelSocket.Kind
        package var number: Int

        /// Of a kind.
        package static let count = 8

        package static let all = [IPVersion.v4, .v6].flatMap { version in
            [true, false].flatMap { hasChecksum in
                (0..<count).map { Outlet(kind: TunnelSocket.Kind(version, hasChecksum: hasChecksum), number: $0) }
            }
        }
    }

    /// The line with which the daemon hands over a ring.
    package static func line(of ring: Ring) -> String { "\(ringWord)\(ring.id) \(ring.size) \(ring.done)" }

    /// The ring that comes with a line; nil where none does.
    package static func ring(_ line: String) -> Ring? {
        guard line.hasPrefix(ringWord) else { return nil }
        let words = line.dropFirst(ringWord.count).split(separator: " ")
        guard words.count == 3, let id = UInt32(words[0]), let size = Int(words[1]), let done = UInt64(words[2]) else {
            return nil
        }
        return Ring(id: id, size: size, done: done)
    }

    package struct Ring: Equatable, Sendable {
        package var id: UInt32
        /// In bytes.
        package var size: Int
        /// The position that an earlier process has told of: what lies before it is not sent again.
        package var done: UInt64

        package init(id: UInt32, size: Int, done: UInt64) {
            self.id = id
            self.size = size
            self.done = done
        }
    }
}

/// Copies of a session, a port and a direction that could not be sent, of one cause. The kernel has counted them as mirrored.
package struct UnsentCopies: Codable, Equatable, Sendable {
    package enum Cause: String, Codable, Sendable {
        case destination
        case tooBig = "too_big"
    }

    package var label: UInt16
    package var port: UInt16
    package var isEgress: Bool
    package var cause: Cause
    package var packets: UInt64
    package var octets: UInt64
    /// Of these: what the kernel has cut.
    package var cutPackets: UInt64
    package var cutOctets: UInt64

    private enum CodingKeys: String, CodingKey {
        case label, port, cause, packets, octets
        case isEgress = "egress"
        case cutPackets = "cut_packets"
        case cutOctets = "cut_octets"
    }

    package init(
        _ label: UInt16, port: UInt16, isEgress: Bool, _ cause: Cause, _ count: PacketCount,
        cut: PacketCount = .zero
    ) {
        self.label = label
        self.port = port
        self.isEgress = isEgress
        self.cause = cause
        (packets, octets) = (count.packets, count.octets)
        (cutPackets, cutOctets) = (cut.packets, cut.octets)
    }
}
