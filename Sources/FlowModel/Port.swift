// SPDX-License-Identifier: Apache-2.0

/// Weir's own number of a port, given at attach; never the ifindex, which the kernel reuses.
package struct PortNumber: Hashable, Comparable, Sendable, BitwiseCopyable {
    package var rawValue: UInt16

    package init(_ rawValue: UInt16) { self.rawValue = rawValue }

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }
}

/// What is behind a port: a virtual machine, or the world.
package enum PortRole: UInt8, Sendable, CaseIterable {
    case guest = 0
    case uplink = 1

    package var name: String {
        switch self {
        case .guest: "guest"
        case .uplink: "uplink"
        }
    }

    /// The direction of frames that the host sends out of such a port.
    package var directionToPort: Direction {
        switch self {
        case .guest: .ingress
        case .uplink: .egress
        }
    }
}

/// An interface that Weir measures.
///
/// A reference that never changes, since every record of a window refers to its port: what is known of a port anew is
/// another `Port`.
package final class Port: Equatable, Sendable {
    package let number: PortNumber
    /// The interface's name at the end of the window that its records are of.
    package let name: String
    package let role: PortRole
    package let identity: PortIdentity
    /// nil where no record stands in for another.
    package let standIn: StandIn?
    /// Of the window that its records are of.
    package let coverage: PortCoverage
    /// Those of the machine behind it, as far as a directory knows them.
    package let addresses: [IPAddress]

    package init(
        number: PortNumber, name: String, role: PortRole, identity: PortIdentity = PortIdentity(),
        standIn: StandIn? = nil, coverage: PortCoverage = .whole, addresses: [IPAddress] = []
    ) {
        self.number = number
        self.name = name
        self.role = role
        self.identity = identity
        self.standIn = standIn
        self.coverage = coverage
        self.addresses = addresses
    }

    package static func == (left: Port, right: Port) -> Bool {
        left === right
            || left.number == right.number && left.name == right.name && left.role == right.role
                && left.identity == right.identity && left.standIn == right.standIn && left.coverage == right.coverage
                && left.addresses == right.addresses
    }
}

extension Port {
    package func with(_ standIn: StandIn) -> Port { changed(standIn: standIn) }

    package func with(_ identity: PortIdentity) -> Port { changed(identity: identity) }

    package func with(_ addresses: [IPAddress]) -> Port { changed(addresses: addresses) }

    /// The same port where it has that coverage already.
    package func with(_ coverage: PortCoverage) -> Port {
        coverage == self.coverage ? self : changed(coverage: coverage)
    }

    private func changed(
        identity: PortIdentity? = nil, standIn: StandIn? = nil, coverage: PortCoverage? = nil,
        addresses: [IPAddress]? = nil
    ) -> Port {
        Port(
            number: number, name: name, role: role, identity: identity ?? self.identity,
            standIn: standIn ?? self.standIn,
            coverage: coverage ?? self.coverage, addresses: addresses ?? self.addresses)
    }
}

/// Whose port it is, in AWS's words, then in those that people use. nil is not known.
package struct PortIdentity: Equatable, Sendable {
    package var accountID: String?
    /// nil: the interface's name stands for it.
    package var interfaceID: String?
    package var vpcID: String?
    package var subnetID: String?
    package var instanceID: String?
    package var region: String?
    package var availabilityZoneID: String?
    package var sublocationType: String?
    package var sublocationID: String?
    /// What its owner calls the machine: free text, see `isName`. Several machines can have one name.
    package var instanceName: String?
    package var projectID: String?
    package var projectName: String?

    package init(
        accountID: String? = nil, interfaceID: String? = nil, vpcID: String? = nil, subnetID: String? = nil,
        instanceID: String? = nil, region: String? = nil, availabilityZoneID: String? = nil,
        sublocationType: String? = nil, sublocationID: String? = nil, instanceName: String? = nil,
        projectID: String? = nil, projectName: String? = nil
    ) {
        self.accountID = accountID
        self.interfaceID = interfaceID
        self.vpcID = vpcID
        self.subnetID = subnetID
        self.instanceID = instanceID
        self.region = region
        self.availabilityZoneID = availabilityZoneID
        self.sublocationType = sublocationType
        self.sublocationID = sublocationID
        self.instanceName = instanceName
        self.projectID = projectID
        self.projectName = projectName
    }
}

extension PortIdentity {
    /// Whether a text can stand in a record, in a file name and as a folder: letters, digits and `. _ : -`, a letter or digit
    /// first, at most 128.
    package static func isIdentifier(_ text: String) -> Bool {
        let allowed = text.utf8.allSatisfy { $0.isLetterOrDigit || "._:-".utf8.contains($0) }
        return allowed && text.utf8.count <= 128 && text.utf8.first?.isLetterOrDigit == true
    }

    /// Whether a text can be a name in a record: 1 to 128 bytes of UTF-8 without control characters. Blanks are allowed, since the
    /// names that people give to machines and projects have them.
    package static func isName(_ text: String) -> Bool {
        (1...128).contains(text.utf8.count)
            && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
    }
}

extension UInt8 {
    fileprivate var isLetterOrDigit: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
