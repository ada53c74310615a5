// SPDX-License-Identifier: Apache-2.0

/// What destinations and the host leave to each session, from what each wanted in the last second.
package struct TapBudget: Sendable {
    /// A session, and what it would copy if nothing kept it from it.
    package struct Demand: Equatable, Sendable {
        package var session: String
        /// The tap service that it shares with others; nil: it has a destination of its own.
        package var service: String?
        package var isRemote: Bool
        package var packetsPerSecond: UInt64
        package var bytesPerSecond: UInt64

        package init(
            session: String, service: String? = nil, isRemote: Bool = false, packetsPerSecond: UInt64,
            bytesPerSecond: UInt64
        ) {
            self.session = session
            self.service = service
            self.isRemote = isRemote
            self.packetsPerSecond = packetsPerSecond
            self.bytesPerSecond = bytesPerSecond
        }
    }

    /// By tap service.
    package var limits: [String: TapRate] = [:]
    /// Bytes a second that the host leaves to all copies that go to others; nil: no limit.
    package var hostBytesPerSecond: UInt64?

    package init() {}

    /// By session. A destination's limit is shared first, and what the host leaves among what comes out of that.
    package func rates(for demands: [Demand]) -> [String: TapRate] {
        var rates = Dictionary(demands.map { ($0.session, TapRate()) }) { $1 }
        for (service, limit) in limits {
            let own = demands.filter { $0.service == service }
            if let packets = limit.packetsPerSecond {
                share(packets, own, \.packetsPerSecond) { rates[$0]?.packetsPerSecond = $1 }
            }
            if let bytes = limit.bytesPerSecond {
                share(bytes, own, \.bytesPerSecond) { rates[$0]?.bytesPerSecond = $1 }
            }
        }
        guard let hostBytesPerSecond else { return rates }
        let remote = demands.filter(\.isRemote).map { demand in
            var demand = demand
            demand.bytesPerSecond = min(demand.bytesPerSecond, rates[demand.session]?.bytesPerSecond ?? .max)
            return demand
        }
        share(hostBytesPerSecond, remote, \.bytesPerSecond) { session, bytes in
            let before = rates[session]?.bytesPerSecond ?? .max
            rates[session]?.bytesPerSecond = min(before, bytes)
        }
        return rates
    }

    private func share(
        _ capacity: UInt64, _ demands: [Demand], _ path: KeyPath<Demand, UInt64>, _ body: (String, UInt64) -> Void
    ) {
        for (demand, share) in zip(demands, TapShares.withRoom(capacity, among: demands.map { $0[keyPath: path] })) {
            body(demand.session, share)
        }
    }

    /// A share of what production leaves free of a device.
    ///
    /// - Parameters:
    ///   - production: bytes a second of the last second, copies left out.
    package static func free(ofBytesPerSecond capacity: UInt64, production: UInt64, share: Double) -> UInt64 {
        UInt64(Double(capacity - min(capacity, production)) * share)
    }
}
