// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What a sink wants sampled.
package struct SamplingSettings: Codable, Equatable, Sendable {
    /// One packet of so many; nil: none.
    package var rate: UInt32?
    /// Packets a second that the policy drops, at most; nil: none.
    package var discards: Int?
    /// Patterns of ports' names; none: all ports.
    package var ports: [String] = []

    package init() {}

    /// Whether there is anything to sample.
    package var isOn: Bool { rate != nil || discards != nil }

    /// Whether it is for the port of that name.
    package func covers(_ name: String) -> Bool {
        ports.isEmpty || ports.contains { GlobPattern($0)?.matches(name) ?? false }
    }
}

/// What programs are to sample at a port, for all sinks together.
package struct PortSampling: Equatable, Sendable {
    /// One packet of so many; 0: none.
    package var rate: UInt32 = 0
    /// Packets a second that the policy drops, at most; 0: none.
    package var discards: UInt32 = 0

    package init(rate: UInt32 = 0, discards: UInt32 = 0) {
        self.rate = rate
        self.discards = discards
    }
}

extension Sequence<SamplingSettings> {
    /// A port is sampled once, whatever the number of sinks: at the rate of the first that wants it sampled. nil where none wants anything.
    package func sampling(of port: String) -> PortSampling? {
        let covering = filter { $0.isOn && $0.covers(port) }
        guard !covering.isEmpty else { return nil }
        return PortSampling(
            rate: covering.lazy.compactMap(\.rate).first ?? 0,
            discards: covering.compactMap(\.discards).max().map { UInt32(clamping: $0) } ?? 0)
    }
}
