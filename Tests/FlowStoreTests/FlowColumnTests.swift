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

    /// AWS's published table, and Weir's columns after it: what Athena is told must be what files have.
    @Test func `the table of docs has the types of the files, column by column`() throws {
        let page = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../docs/store.md")
        let text = try String(contentsOf: page, encoding: .utf8)
        let table = try #require(
            text.firstMatch(of: /CREATE EXTERNAL TABLE flows \((.*)\n\)\nSTORED AS PARQUET/.dotMatchesNewlines())?.1)
        let columns = table.split(separator: ",").map { $0.split { $0.isWhitespace || $0 == "`" }.map(String.init) }
        let types: [ParquetColumn.Kind: String] = [
            .int32: "int", .int64: "bigint", .string: "string", .boolean: "boolean",
        ]
        #expect(columns == FlowColumn.schema.map { [$0.name, types[$0.kind] ?? ""] })
    }

    /// Amazon Athena user guide, "Create tables for flow logs in Apache Parquet format"; but `protocol`, which is a bigint there, and an INT_32 in
    /// the files (VPC user guide, "Flow log records").
    @Test func `AWS's columns have AWS's types`() {
        let published = """
            version int, account_id string, interface_id string, srcaddr string, dstaddr string, srcport int, dstport int, protocol int, \
            packets bigint, bytes bigint, start bigint, end bigint, action string, log_status string, vpc_id string, subnet_id string, \
            instance_id string, tcp_flags int, type string, pkt_srcaddr string, pkt_dstaddr string, region string, az_id string, \
            sublocation_type string, sublocation_id string, pkt_src_aws_service string, pkt_dst_aws_service string, flow_direction string, \
            traffic_path int
            """
        let types: [ParquetColumn.Kind: String] = [.int32: "int", .int64: "bigint", .string: "string"]
        let ours = FlowColumn.schema.prefix(29).map { "\($0.name) \(types[$0.kind] ?? "")" }
        #expect(ours == published.split(separator: ", ").map(String.init))
    }
}
