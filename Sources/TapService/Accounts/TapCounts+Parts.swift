// SPDX-License-Identifier: Apache-2.0

package import FlowModel

extension TapCounts {
    package typealias Part = (name: String, path: any WritableKeyPath<TapCounts, PacketCount> & Sendable)

    /// Every count by the name that JSON and metrics have for it.
    package static let parts: [Part] = [
        ("matched", \.matched), ("mirrored", \.mirrored), ("truncated", \.truncated),
        ("withheld_first_of_flow", \.withheld.firstOfFlow), ("withheld_sampling", \.withheld.sampling),
        ("withheld_rate", \.withheld.rate), ("withheld_budget", \.withheld.budget),
        ("withheld_segments", \.withheld.segments),
        ("failed_destination", \.failed.destination), ("failed_too_big", \.failed.tooBig),
        ("failed_ring_full", \.failed.ringFull),
    ]

    package static func + (left: Self, right: Self) -> Self { combined(left, right, by: +) }
    package static func - (left: Self, right: Self) -> Self { combined(left, right, by: -) }
    package static func += (left: inout Self, right: Self) { left = left + right }

    private static func combined(
        _ left: Self, _ right: Self, by operation: (PacketCount, PacketCount) -> PacketCount
    ) -> Self {
        var result = Self()
        for part in parts {
            result[keyPath: part.path] = operation(left[keyPath: part.path], right[keyPath: part.path])
        }
        return result
    }
}

extension TapCounts: Codable {
    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    private struct Pair: Codable { var packets: UInt64, octets: UInt64 }

    package init(from decoder: any Decoder) throws {
        self.init()
        let container = try decoder.container(keyedBy: Key.self)
        for part in Self.parts {
            guard let pair = try container.decodeIfPresent(Pair.self, forKey: Key(stringValue: part.name)) else {
                continue
            }
            self[keyPath: part.path] = PacketCount(packets: pair.packets, octets: pair.octets)
        }
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        for part in Self.parts {
            let count = self[keyPath: part.path]
            try container.encode(
                Pair(packets: count.packets, octets: count.octets), forKey: Key(stringValue: part.name))
        }
    }
}

/// Both directions of a session's counts.
package struct TapFigures: Codable, Equatable, Sendable {
    package var ingress = TapCounts()
    package var egress = TapCounts()

    package init(ingress: TapCounts = TapCounts(), egress: TapCounts = TapCounts()) {
        self.ingress = ingress
        self.egress = egress
    }

    private enum CodingKeys: String, CodingKey {
        case ingress = "in"
        case egress = "out"
    }

    package var sum: TapCounts { ingress + egress }

    package static func + (left: Self, right: Self) -> Self {
        Self(ingress: left.ingress + right.ingress, egress: left.egress + right.egress)
    }
    package static func - (left: Self, right: Self) -> Self {
        Self(ingress: left.ingress - right.ingress, egress: left.egress - right.egress)
    }
    package static func += (left: inout Self, right: Self) { left = left + right }
}
