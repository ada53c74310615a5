// SPDX-License-Identifier: Apache-2.0

import FlowModel

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
        appendLine(to: &bytes) { field, bytes in bytes.appendText(field.name) }
    }

    package func makeEncoder() -> any RecordEncoder { AWSTextEncoder(self) }

    /// A line that tells of no flow.
    func appendGap(_ port: Port, _ window: Window, status: String, to bytes: inout [UInt8]) {
        appendLine(to: &bytes) { field, bytes in
            switch field {
            case .start: bytes.appendDecimal(window.start.seconds)
            case .end: bytes.appendDecimal(window.endSecond)
            case .logStatus: bytes.appendText(status)
            case .version, .accountID, .interfaceID: appendConstant(field, of: port, to: &bytes)
            default: bytes.append(UInt8(ascii: "-"))
            }
        }
    }

    /// A line of frames that are in no flow: their addresses and ports are not known.
    func append(_ frames: UnparsedFrames, of port: Port, _ window: Window, to bytes: inout [UInt8]) {
        appendLine(to: &bytes) { field, bytes in
            switch field {
            case .packets: bytes.appendDecimal(frames.count.packets)
            case .octets: bytes.appendDecimal(frames.count.octets)
            case .start: bytes.appendDecimal(window.start.seconds)
            case .end: bytes.appendDecimal(window.endSecond)
            case .action: bytes.appendText(frames.verdict.action.awsWord)
            case .flowDirection: bytes.appendText(frames.direction == .ingress ? "ingress" : "egress")
            case .rejectReason: bytes.appendWord(frames.verdict.reason?.text ?? "-")
            default: appendConstant(field, of: port, to: &bytes)
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

    /// A field that is the same in all flows' lines of a port.
    func appendConstant(_ field: AWSField, of port: Port, to bytes: inout [UInt8]) {
        let identity = port.identity
        switch field {
        case .version: bytes.appendDecimal(UInt64(version))
        case .logStatus: bytes.appendText("OK")
        case .accountID: bytes.appendWord(identity.accountID ?? "unknown")
        case .interfaceID: bytes.appendWord(identity.interfaceID ?? port.name)
        case .vpcID: bytes.appendWord(identity.vpcID ?? "-")
        case .subnetID: bytes.appendWord(identity.subnetID ?? "-")
        case .instanceID: bytes.appendWord(identity.instanceID ?? "-")
        case .region: bytes.appendWord(identity.region ?? "-")
        case .availabilityZoneID: bytes.appendWord(identity.availabilityZoneID ?? "-")
        case .sublocationType: bytes.appendWord(identity.sublocationType ?? "-")
        case .sublocationID: bytes.appendWord(identity.sublocationID ?? "-")
        default: bytes.append(UInt8(ascii: "-"))
        }
    }
}
