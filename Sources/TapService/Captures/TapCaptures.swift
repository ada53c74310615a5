// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// The captures that go on, and where the kernel counts what each does at each port.
package struct TapCaptures: Equatable, Sendable {
    package private(set) var all: [TapCapture] = []
    /// Their numbers are of the same space as those of the sessions' accounts, and begin where sessions come last.
    package var accounts = TapAccounts(beginningAt: TapPlan.mostAccounts / 2)

    package init() {}

    package var isEmpty: Bool { all.isEmpty }

    /// - Returns: the new one, which has no ring yet.
    package mutating func begin(
        _ values: [String: TapJSON], id: String, by owner: TapOwner, book: TapBook, now: MonotonicTime
    ) throws(TapError) -> TapCapture {
        guard let place = TapCapture.places.first(where: { place in !all.contains { $0.place == place } }) else {
            throw TapError(
                .conflict, "there are \(TapCapture.places.count) captures already, and no more can be: end one first")
        }
        let capture = try TapCapture(id: id, values, by: owner, place: place, book: book, now: now)
        all.append(capture)
        return capture
    }

    package mutating func give(_ ring: TapRing, to id: String) {
        for index in all.indices where all[index].id == id { all[index].ring = ring }
    }

    package mutating func renew(_ id: String, now: MonotonicTime) throws(TapError) {
        guard let index = all.firstIndex(where: { $0.id == id }) else { throw Self.unknown(id) }
        all[index].renew(now: now)
    }

    package mutating func end(_ id: String) throws(TapError) -> TapCapture {
        guard let index = all.firstIndex(where: { $0.id == id }) else { throw Self.unknown(id) }
        return all.remove(at: index)
    }

    /// Takes out those that were not renewed in time.
    package mutating func takeOverdue(now: MonotonicTime) -> [TapCapture] {
        let overdue = all.filter { $0.due <= now }
        all.removeAll { $0.due <= now }
        return overdue
    }

    private static func unknown(_ id: String) -> TapError {
        TapError(
            .unknown,
            "there is no capture \(id): it was not renewed for \(TapCapture.lifetime.components.seconds) s, or the daemon was started anew"
        )
    }
}

/// How a capture stands.
package struct TapCaptureView: Codable, Equatable, Sendable {
    package struct Port: Codable, Equatable, Sendable {
        package var number: UInt16
        package var port: String
        /// The machine behind it, by its name or id.
        package var machine: String?
        package var project: String?
        package var figures: TapFigures

        private enum CodingKeys: String, CodingKey {
            case number, port, machine, project
            case figures = "account"
        }

        package init(_ port: TapPort, _ figures: TapFigures) {
            number = port.number.rawValue
            self.port = port.name
            machine = port.identity.instanceName ?? port.identity.instanceID
            project = port.identity.projectName ?? port.identity.tapProject
            self.figures = figures
        }
    }

    package var id: String
    package var owner: TapOwner
    package var source: String
    package var ring: TapRing
    /// That it has now.
    package var ports: [Port] = []
    /// Which ports it leaves out, and why; nil where it has all.
    package var reason: String?
    /// Of all ports, also those that it has no more.
    package var figures = TapFigures()

    private enum CodingKeys: String, CodingKey {
        case id, owner, source, ring, ports
        case reason = "status_reason"
        case figures = "account"
    }

    /// - Parameters:
    ///   - ports: that it has, and its accounts there.
    ///   - past: what it has counted elsewhere.
    ///   - counts: what the kernel has counted, by account.
    package init(
        _ capture: TapCapture, _ ports: [(port: TapPort, account: Int)], reason: String?, past: TapFigures,
        counts: [Int: TapFigures]
    ) {
        (id, owner, ring, self.reason) = (capture.id, capture.owner, capture.ring, reason)
        source = capture.source.isEmpty ? "all ports" : capture.source.text
        self.ports = ports.map { Port($0.port, counts[$0.account] ?? TapFigures()) }
        figures = self.ports.reduce(past) { $0 + $1.figures }
    }
}
