// SPDX-License-Identifier: Apache-2.0

/// An object and how it stands, as one object of JSON.
package struct TapListed<Object: TapObject>: Codable, Equatable, Sendable {
    package var object: Object
    package var status: TapStatus
    package var reason: String?

    package init(_ object: Object, _ status: TapStatus, _ reason: String? = nil) {
        self.object = object
        self.status = status
        self.reason = reason
    }

    private enum CodingKeys: String, CodingKey {
        case status
        case reason = "status_reason"
    }

    package init(from decoder: any Decoder) throws {
        object = try Object(from: decoder)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        status = try container.decode(TapStatus.self, forKey: .status)
        reason = try container.decodeIfPresent(String.self, forKey: .reason)
    }

    package func encode(to encoder: any Encoder) throws {
        try object.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(status, forKey: .status)
        try container.encodeIfPresent(reason, forKey: .reason)
    }
}

/// A session: a tap flow, or one direction of a tap mirror, with the ports that it has and its account.
package struct TapSessionView: Codable, Equatable, Sendable {
    package struct Port: Codable, Equatable, Sendable {
        package var port: String
        package var figures: TapFigures
        package var project: String?

        private enum CodingKeys: String, CodingKey {
            case port, project
            case figures = "account"
        }

        package init(port: String, figures: TapFigures, project: String? = nil) {
            self.port = port
            self.figures = figures
            self.project = project
        }
    }

    package var id: String
    package var name: String
    package var number: UInt16
    package var service: String?
    package var destination: String
    package var status: TapStatus
    package var reason: String?
    /// That it has now.
    package var ports: [Port] = []
    /// Of all ports, also those that it has no more.
    package var figures = TapFigures()
    package var budgetPacketsPerSecond: UInt64?
    package var budgetBytesPerSecond: UInt64?

    private enum CodingKeys: String, CodingKey {
        case id, name, destination, status, ports
        case number = "session_number"
        case service = "tap_service_id"
        case reason = "status_reason"
        case figures = "account"
        case budgetPacketsPerSecond = "budget_packets_per_second"
        case budgetBytesPerSecond = "budget_bytes_per_second"
    }

    package init(
        id: String, name: String, number: UInt16, service: String?, destination: String, status: TapStatus,
        reason: String?
    ) {
        self.id = id
        self.name = name
        self.number = number
        self.service = service
        self.destination = destination
        self.status = status
        self.reason = reason
    }
}
