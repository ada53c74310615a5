// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What a filter asks of a line.
package indirect enum FilterCondition: Equatable, Sendable {
    case all([FilterCondition])
    case any([FilterCondition])
    case not(FilterCondition)
    case test(FilterTest)

    func holds(for entry: LogEntry) -> Bool {
        switch self {
        case .all(let parts): parts.allSatisfy { $0.holds(for: entry) }
        case .any(let parts): parts.contains { $0.holds(for: entry) }
        case .not(let part): !part.holds(for: entry)
        case .test(let test): test.holds(for: entry)
        }
    }
}

/// Which end of a flow.
package enum FilterSide: Equatable, Sendable {
    case source
    case destination
    case either
}

/// One question about a line. It is answered with no where the line does not have what it asks about.
package enum FilterTest: Equatable, Sendable {
    case address(FilterSide, [AddressPrefix])
    case interfaceAddress(FilterSide, [AddressPrefix])
    case port(FilterSide, NumberSet)
    case number(NumberField, NumberSet)
    case text(TextField, TextSet)
    /// The port, by its name or its identifier.
    case interface(TextSet)
    /// All of these TCP flags are set (RFC 9293 §3.1).
    case tcpFlags(UInt8)
    case isTagged
    case isMixed

    func holds(for entry: LogEntry) -> Bool {
        switch self {
        case .number(let field, let numbers): return field.value(of: entry).map(numbers.contains) ?? false
        case .text(let field, let texts): return field.value(of: entry).map(texts.contains) ?? false
        case .interface(let texts):
            return texts.contains(entry.port.name) || entry.port.identity.interfaceID.map(texts.contains) ?? false
        case .isMixed: return entry.verdict?.action == .mixed
        case .address, .interfaceAddress, .port, .tcpFlags, .isTagged:
            guard case .flow(let record) = entry else { return false }
            return holds(for: record)
        }
    }

    private func holds(for record: FlowRecord) -> Bool {
        let key = record.key
        switch self {
        case .address(let side, let prefixes):
            return side.holds(key.source, key.destination) { address in prefixes.contains { $0.contains(address) } }
        case .interfaceAddress(let side, let prefixes):
            let source = record.attribution?.interfaceSource ?? key.source
            let destination = record.attribution?.interfaceDestination ?? key.destination
            return side.holds(source, destination) { address in prefixes.contains { $0.contains(address) } }
        case .port(let side, let numbers):
            guard key.hasPorts else { return false }
            return side.holds(key.sourcePort, key.destinationPort) { numbers.contains(UInt64($0)) }
        case .tcpFlags(let flags):
            return key.transport == TransportNumber.tcp
                && UInt8(truncatingIfNeeded: record.tcpControlBits) & flags == flags
        case .isTagged: return key.vlanID != 0
        case .number, .text, .interface, .isMixed: return false
        }
    }
}

extension FilterSide {
    fileprivate func holds<Value>(_ source: Value, _ destination: Value, _ test: (Value) -> Bool) -> Bool {
        switch self {
        case .source: test(source)
        case .destination: test(destination)
        case .either: test(source) || test(destination)
        }
    }
}

extension FlowKey {
    /// Whether its port numbers are ports, and known.
    var hasPorts: Bool { TransportNumber.hasPorts(transport) && !isFragmentWithoutFlow }
}
