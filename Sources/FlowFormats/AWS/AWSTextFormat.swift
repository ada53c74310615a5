// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// AWS's flow log text: the chosen fields with blanks between, the names in the first line of a file.
///
/// What is not known is `-`; an unknown account is `unknown`; a port without an interface id goes by its name. Lines of
/// a port without traffic and of skipped records keep version, account, interface, start, end (of the window) and
/// status; the rest is `-`. Source: Amazon VPC user guide, "Flow log records" and "Flow log record examples".
package struct AWSTextFormat: RecordFormat {
    package let fields: [AWSField]
    /// What the field `version` says: the highest version among the fields.
    package let version: Int

    package init(fields: [AWSField]) {
        self.fields = fields
        version = fields.map(\.since).max() ?? 2
    }

    /// Reads the names of the fields as `AWSField.list(from:)` does.
    package init(fieldList: some StringProtocol) throws(FieldListError) {
        self.init(fields: try AWSField.list(from: fieldList))
    }

    /// AWS's default format: all fields of version 2.
    package static let `default` = AWSTextFormat(fields: AWSField.allCases.filter { $0.since == 2 })

    package func appendHeader(to bytes: inout [UInt8]) {
        appendLine(to: &bytes) { field, bytes in bytes.appendText(field.name) }
    }

    package func append(_ entry: LogEntry, to bytes: inout [UInt8]) {
        switch entry {
        case .flow(let record):
            appendLine(to: &bytes) { field, bytes in append(field, of: record, to: &bytes) }
        case .noData(let port, let window):
            appendLine(to: &bytes) { field, bytes in
                append(field, of: port, in: window, status: "NODATA", to: &bytes)
            }
        case .skipData(let port, let window, _):
            appendLine(to: &bytes) { field, bytes in
                append(field, of: port, in: window, status: "SKIPDATA", to: &bytes)
            }
        }
    }

    private func appendLine(to bytes: inout [UInt8], _ appendField: (AWSField, inout [UInt8]) -> Void) {
        for index in fields.indices {
            if index > 0 { bytes.append(UInt8(ascii: " ")) }
            appendField(fields[index], &bytes)
        }
        bytes.append(UInt8(ascii: "\n"))
    }

    /// A field of a line that tells of no flow.
    private func append(
        _ field: AWSField, of port: Port, in window: Window, status: String, to bytes: inout [UInt8]
    ) {
        switch field {
        case .version: bytes.appendDecimal(UInt(version))
        case .accountID: bytes.appendWord(port.identity.accountID ?? "unknown")
        case .interfaceID: bytes.appendWord(port.identity.interfaceID ?? port.name)
        case .start: bytes.appendDecimal(window.start.seconds)
        case .end: bytes.appendDecimal(window.end.seconds)
        case .logStatus: bytes.appendText(status)
        default: bytes.append(UInt8(ascii: "-"))
        }
    }
}
