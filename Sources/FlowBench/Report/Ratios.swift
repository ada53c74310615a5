// SPDX-License-Identifier: Apache-2.0

/// What an engine takes in parts of what the reference takes, at the TC hook with IPv4. nil was not measured.
package struct Ratios: Codable, Equatable, Sendable {
    /// The worse one of a single flow and about a thousand.
    package var hot: Double?
    package var flows64k: Double?
    package var flows1M: Double?
    /// A new flow.
    package var insert: Double?

    enum CodingKeys: String, CodingKey {
        case hot, insert
        case flows64k = "flows_64k"
        case flows1M = "flows_1m"
    }

    package static let hotFlows = [1, 1024]
    package static let manyFlows = 65_536
    package static let mostFlows = 1_048_576

    package init(of engine: String, to reference: String, in report: BenchReport) {
        func packet(_ flows: Int) -> Double? {
            quotient { subject in
                report.packets.first { $0.isPlain && $0.subject == subject && $0.flows == flows }?.net.median
            }
        }
        func quotient(_ time: (String) -> Double?) -> Double? {
            guard let own = time(engine), let other = time(reference), other > 0 else { return nil }
            return (own / other * 1000).rounded() / 1000
        }
        let both = Self.hotFlows.compactMap(packet)
        hot = both.count == Self.hotFlows.count ? both.max() : nil
        flows64k = packet(Self.manyFlows)
        flows1M = packet(Self.mostFlows)
        insert = quotient { subject in report.inserts.first { $0.subject == subject }?.nanoseconds.median }
    }
}

extension PacketFigure {
    /// What is compared over numbers of flows.
    package var isPlain: Bool { hook == "tc" && frame == FrameForm.ipv4.name && distribution == .uniform }
}
