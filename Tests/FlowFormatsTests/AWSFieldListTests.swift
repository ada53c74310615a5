// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import Testing

@Suite struct AWSFieldListTests {
    @Test(arguments: [
        "version srcaddr pkt-dst-aws-service",
        "version,srcaddr,pkt-dst-aws-service",
        " version ,  srcaddr\n\tpkt-dst-aws-service ",
        "${version} ${srcaddr} ${pkt-dst-aws-service}",
    ])
    func `A list is separated by blanks or commas, plain or as AWS's tools write it`(text: String) throws {
        #expect(try AWSField.list(from: text) == [.version, .sourceAddress, .packetDestinationService])
    }

    @Test func `Every field reads back from its own name`() throws {
        let names = AWSField.allCases.map(\.name).joined(separator: " ")
        #expect(try AWSField.list(from: names) == AWSField.allCases)
        #expect(AWSField.allCases.count == 42)
    }

    @Test(arguments: [
        ("srcadr", AWSField.sourceAddress), ("Protocol", .transport), ("vpc_id", .vpcID), ("tcpflags", .tcpFlags),
        ("byte", .octets), ("pkt-src-service", .packetSourceService),
    ])
    func `An unknown name is answered with the nearest known one`(name: String, nearest: AWSField) {
        #expect(throws: FieldListError.unknown(name: name, nearest: nearest)) {
            try AWSTextFormat(fieldList: "version \(name) end")
        }
    }

    @Test func `The error is a sentence that names both`() {
        #expect(
            FieldListError.unknown(name: "srcadr", nearest: .sourceAddress).description
                == "\"srcadr\" is not a field of AWS flow logs: did you mean \"srcaddr\"?")
    }

    @Test(arguments: ["", "  ", ",,", "\n"])
    func `An empty list is refused`(text: String) {
        #expect(throws: FieldListError.empty) { try AWSTextFormat(fieldList: text) }
    }

    @Test func `A field named twice is refused`() {
        #expect(throws: FieldListError.duplicate(.end)) { try AWSTextFormat(fieldList: "end start ${end}") }
    }
}
