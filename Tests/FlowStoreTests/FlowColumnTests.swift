// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowStore
import Foundation
import Testing

@Suite struct FlowColumnTests {
    @Test func `columns have the names and the order of the members of JSON lines`() throws {
        #expect(FlowColumn.allCases.count == FlowColumn.schema.count)
        var random = RandomEntries(seed: 5)
        var bytes: [UInt8] = []
        for entry in random.next(4000) { JSONLinesFormat().append(entry, to: &bytes) }
        var members: Set<String> = []
        for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
            members.formUnion(object.keys)
        }
        let unused: Set = ["sublocation_type", "sublocation_id", "window_sequence"]
        #expect(members == Set(FlowColumn.schema.map(\.name)).subtracting(unused))
    }
}
