// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Copies of frames that one command has asked for, in a ring of their own, for as long as it asks again. It takes nothing from sessions, and is in
/// no state file.
package struct TapCapture: Equatable, Sendable {
    package let id: String
    package let owner: TapOwner
    /// Of its ring among those of the host.
    package let place: Int
    package let source: TapSource
    /// All but its destination.
    private let wanted: TapSession
    /// Of its ring, when that is made.
    package var ring = TapRing()
    /// When it ends unless it is renewed.
    package var due: MonotonicTime

    /// Place 0 is that of frames for other hosts.
    package static let places = 1...63
    /// For how long a command need not ask again.
    package static let lifetime = Duration.seconds(10)

    /// - Parameters:
    ///   - values: the fields of a tap flow, without a tap service; and `rules`, those of a tap filter.
    ///   - book: has the tap filter that may be named. It is taken as it is now.
    init(
        id: String, _ values: [String: TapJSON], by owner: TapOwner, place: Int, book: TapBook, now: MonotonicTime
    ) throws(TapError) {
        var flow = TapFlowObject(id: id, created: owner)
        var fields = TapFields("capture", values)
        let rules = fields.take("rules", "rule")
        try flow.take(&fields)
        try fields.finish()
        try Self.check(flow, hasRules: rules != nil)
        var filter = try flow.filterID.map { name throws(TapError) in try book.find(\.filters, name) }
        if let rules {
            var own = TapFilterObject(id: id, created: owner)
            own.name = "of the capture"
            try own.change(["rules": rules])
            filter = own
        }
        self.id = id
        self.owner = owner
        self.place = place
        source = flow.source
        wanted = flow.session(filter)
        due = now.advanced(by: Self.lifetime)
    }

    /// What a capture cannot have of a tap flow.
    private static func check(_ flow: TapFlowObject, hasRules: Bool) throws(TapError) {
        let others = [
            ("name", !flow.name.isEmpty), ("description", !flow.description.isEmpty),
            ("project_id", flow.projectID != nil), ("tap_service_id", !flow.serviceID.isEmpty),
            ("vni", flow.vni != nil), ("session_number", flow.sessionNumber != 0), ("enabled", !flow.isEnabled),
            ("allow_cross_account", flow.allowsCrossAccount),
        ]
        if let (name, _) = others.first(where: \.1) { throw TapError(.wrong, "a capture has no field \(name)") }
        guard hasRules, flow.filterID != nil else { return }
        throw TapError(.wrong, "a capture has a tap filter or rules of its own, not both")
    }

    package mutating func renew(now: MonotonicTime) { due = now.advanced(by: Self.lifetime) }

    /// What the kernel's programs are to do.
    package var session: TapSession {
        var session = wanted
        session.destination = .ring(place)
        return session
    }

    /// As the log names it.
    package var title: String { "capture \(id) of \(source.isEmpty ? "all ports" : source.text)" }
}

/// A ring of the kernel's that copies are read from.
package struct TapRing: Codable, Equatable, Sendable {
    /// The kernel's number of the map.
    package var mapID: UInt32 = 0
    package var bytes = 0

    package init() {}

    package init(mapID: UInt32, bytes: Int) {
        self.mapID = mapID
        self.bytes = bytes
    }

    private enum CodingKeys: String, CodingKey {
        case mapID = "map_id"
        case bytes
    }
}
