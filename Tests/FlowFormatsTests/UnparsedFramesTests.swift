// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import Foundation
import Testing

/// Lines of frames that are in no flow.
@Suite struct UnparsedFramesTests {
    private static func entry(
        _ verdict: Verdict, sample: FrameSample? = nil, reason: UnparsedReason = .beyondLimits
    ) -> LogEntry {
        let frames = UnparsedFrames(
            direction: .egress, reason: reason, count: PacketCount(packets: 3, octets: 420), verdict: verdict,
            sample: sample)
        return .unparsed(port: Entries.port(vpc: "vpc-1", region: "local-1"), window: Entries.window(), frames)
    }

    private func text(_ entry: LogEntry, _ format: some RecordFormat) -> String {
        var bytes: [UInt8] = []
        format.append(entry, to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }

    @Test func `AWS's default format has the packets and what became of them, and no addresses`() {
        let refused = Verdict.reject(.policy, reason: UnparsedReason.beyondLimits.rejectReason)
        #expect(
            text(Self.entry(refused), AWSTextFormat.default)
                == "2 123456789010 eni-1235b8ca123456789 - - - - - 3 420 1700000000 1700000060 REJECT OK\n")
        #expect(
            text(Self.entry(.unknown), AWSTextFormat.default)
                == "2 123456789010 eni-1235b8ca123456789 - - - - - 3 420 1700000000 1700000060 - OK\n")
    }

    @Test func `other fields of AWS say the direction and why`() throws {
        let format = try AWSTextFormat(fieldList: "flow-direction reject-reason vpc-id region tcp-flags type action")
        let refused = Verdict.reject(.policy, reason: UnparsedReason.malformed.rejectReason)
        #expect(text(Self.entry(refused), format) == "egress malformed vpc-1 local-1 - - REJECT\n")
        #expect(text(Self.entry(.accept(.observed)), format) == "egress - vpc-1 local-1 - - ACCEPT\n")
    }

    @Test func `JSON says why, and shows the beginning of the first frame`() throws {
        let sample = FrameSample(length: 142, bytes: [0x02, 0x00, 0xff, 0x0a])
        let refused = Verdict.reject(.policy, reason: UnparsedReason.beyondLimits.rejectReason)
        let line = text(Self.entry(refused, sample: sample), JSONLinesFormat())
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? NSDictionary)
        let expected: NSDictionary = [
            "version": 8, "account_id": "123456789010", "interface_id": "eni-1235b8ca123456789", "packets": 3,
            "bytes": 420, "start": 1_700_000_000, "end": 1_700_000_060, "action": "REJECT", "log_status": "OK",
            "vpc_id": "vpc-1", "region": "local-1", "flow_direction": "egress", "reject_reason": "too-many-headers",
            "port": "tap7", "verdict_source": "policy", "unparsed": "too-many-headers", "sample_length": 142,
            "sample": "0200ff0a", "window_start": 1_700_000_000, "window_end": 1_700_000_060,
        ]
        #expect(object == expected)
    }

    @Test func `what is not known is absent`() throws {
        let line = text(Self.entry(.unknown, reason: .truncated), JSONLinesFormat())
        let object = try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        #expect(object["unparsed"] as? String == "truncated")
        for name in ["action", "reject_reason", "verdict_source", "sample", "sample_length", "srcaddr"] {
            #expect(object[name] == nil, "\(name)")
        }
    }

    @Test func `a segment whose flags are hidden says so`() throws {
        var record = Entries.flow("192.0.2.1", 1, "192.0.2.2", 2)
        let plain = text(.flow(record), JSONLinesFormat())
        record.hidesTCPFlags = true
        let line = text(.flow(record), JSONLinesFormat())
        #expect(!plain.contains("tcp_flags_hidden") && line.contains(#","tcp_flags_hidden":true,"#))
    }
}
