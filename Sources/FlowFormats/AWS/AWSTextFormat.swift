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

    /// The fields must be at least one, and each must be there once.
    package init(fields: [AWSField]) {
        precondition(!fields.isEmpty && Set(fields).count == fields.count, "empty or repeated fields: \(fields)")
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
        let longest = fields.reduce(0) { $0 + $1.name.utf8.count + 1 }
        appendLine(to: &bytes, longest: longest) { field, line in line.appendText(field.name) }
    }

    package func append(_ entry: LogEntry, to bytes: inout [UInt8]) {
        switch entry {
        case .flow(let record):
            appendLine(to: &bytes, longest: longestLine(record)) { field, line in
                append(field, of: record, to: &line)
            }
        case .noData(let port, let window):
            appendLine(to: &bytes, longest: longestLine(port)) { field, line in
                append(field, of: port, in: window, status: "NODATA", to: &line)
            }
        case .skipData(let port, let window, _):
            appendLine(to: &bytes, longest: longestLine(port)) { field, line in
                append(field, of: port, in: window, status: "SKIPDATA", to: &line)
            }
        }
    }

    /// Makes room once for the whole line.
    private func appendLine(
        to bytes: inout [UInt8], longest: Int, _ appendField: (AWSField, inout OutputSpan<UInt8>) -> Void
    ) {
        bytes.append(addingCapacity: longest) { line in
            for index in fields.indices {
                if index > 0 { line.append(UInt8(ascii: " ")) }
                appendField(fields[index], &line)
            }
            line.append(UInt8(ascii: "\n"))
        }
    }

    /// No line that tells of the port is longer, but for what is known of a flow.
    func longestLine(_ port: Port) -> Int {
        let identity = port.identity
        let owner = length(identity.accountID) + length(identity.interfaceID) + port.name.utf8.count
        let machine = length(identity.vpcID) + length(identity.subnetID) + length(identity.instanceID)
        let place = length(identity.region) + length(identity.availabilityZoneID)
        let sublocation = length(identity.sublocationType) + length(identity.sublocationID)
        let plainFields = fields.count * (OutputSpan<UInt8>.longestAddress + 1)
        return owner + machine + place + sublocation + plainFields
    }

    func length(_ name: String?) -> Int { name?.utf8.count ?? 0 }

    /// A field of a line that tells of no flow.
    private func append(
        _ field: AWSField, of port: Port, in window: Window, status: String, to line: inout OutputSpan<UInt8>
    ) {
        switch field {
        case .version: line.appendDecimal(UInt64(version))
        case .accountID: line.appendWord(port.identity.accountID ?? "unknown")
        case .interfaceID: line.appendWord(port.identity.interfaceID ?? port.name)
        case .start: line.appendDecimal(window.start.seconds)
        case .end: line.appendDecimal(window.end.seconds)
        case .logStatus: line.appendText(status)
        default: line.append(UInt8(ascii: "-"))
        }
    }
}
