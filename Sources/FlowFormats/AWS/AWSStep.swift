// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// What a flow's line is put together from: a list of fields, compiled. Each step writes its blank behind it.
enum AWSStep: Equatable {
    /// All fields up to the next that changes from flow to flow.
    case piece(Int)
    case source, destination, packetSource, packetDestination
    case sourcePort, destinationPort, transport
    case packets, octets, start, end
    case action, tcpFlags, type, direction
    case sourceService, destinationService, trafficPath, rejectReason

    /// nil for a field that is the same in all lines of a port.
    private init?(_ field: AWSField) {
        switch field {
        case .sourceAddress: self = .source
        case .destinationAddress: self = .destination
        case .packetSourceAddress: self = .packetSource
        case .packetDestinationAddress: self = .packetDestination
        case .sourcePort: self = .sourcePort
        case .destinationPort: self = .destinationPort
        case .transport: self = .transport
        case .packets: self = .packets
        case .octets: self = .octets
        case .start: self = .start
        case .end: self = .end
        case .action: self = .action
        case .tcpFlags: self = .tcpFlags
        case .type: self = .type
        case .flowDirection: self = .direction
        case .packetSourceService: self = .sourceService
        case .packetDestinationService: self = .destinationService
        case .trafficPath: self = .trafficPath
        case .rejectReason: self = .rejectReason
        default: return nil
        }
    }

    /// The steps, and the fields of each piece.
    static func compile(_ fields: [AWSField]) -> (steps: [AWSStep], pieces: [[AWSField]]) {
        var steps: [AWSStep] = []
        var pieces: [[AWSField]] = []
        for field in fields {
            if let step = AWSStep(field) {
                steps.append(step)
            } else if case .piece(let last) = steps.last {
                pieces[last].append(field)
            } else {
                steps.append(.piece(pieces.count))
                pieces.append([field])
            }
        }
        return (steps, pieces)
    }

    /// No step but a piece, a service and a reason writes more, its blank included.
    static let longest = LineWriter.longestAddress + 1
}
