// SPDX-License-Identifier: Apache-2.0

import FlowModel
package import FlowStore

/// How values of fields are written for people.
package struct GroupNames: Sendable {
    /// The service of a port and a protocol; nil where it has none.
    package typealias Service = @Sendable (_ port: UInt16, _ transport: String) -> String?

    /// nil: numbers stay numbers.
    private let service: Service?

    package init(service: Service? = nil) { self.service = service }

    /// The values of a group, in the order of the fields.
    package func texts(_ values: [StoredValue], of fields: [GroupField]) -> [String] {
        let transport = zip(fields.columns, values).first { $0.0 == .transport }.map { transportText($0.1) }
        return fields.split(values).map { field, values in
            guard case .column(let column) = field else {
                return PrintableText.of((values.first { $0 != .null } ?? .null).description)
            }
            return text(column, values.first ?? .null, transport)
        }
    }

    private func text(_ column: FlowColumn, _ value: StoredValue, _ transport: String?) -> String {
        switch (column, value) {
        case (.transport, _): transportText(value)
        case (.sourcePort, .number(let port)), (.destinationPort, .number(let port)):
            name(of: port, transport) ?? "\(port)"
        case (_, .number(1)) where column.kind == .boolean: "true"
        default: PrintableText.of(value.description)
        }
    }

    private func transportText(_ value: StoredValue) -> String {
        guard case .number(let number) = value else { return "-" }
        return UInt8(exactly: number).map { TransportNumber.name(of: $0) } ?? "\(number)"
    }

    /// Where the protocol is not known, the name that TCP and UDP agree in, or that one of them has alone.
    private func name(of port: Int64, _ transport: String?) -> String? {
        guard let service, let port = UInt16(exactly: port) else { return nil }
        if let transport { return service(port, transport) }
        let (tcp, udp) = (service(port, "tcp"), service(port, "udp"))
        return tcp == nil || udp == nil || tcp == udp ? tcp ?? udp : nil
    }
}
