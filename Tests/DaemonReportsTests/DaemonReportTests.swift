// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowRecorder
import Foundation
import Reporting
import Testing

/// The report as JSON, which daemons and commands of other versions write and read.
@Suite struct DaemonReportTests {
    /// What a daemon answered before its report had sections; ports, Open vSwitch and the reload are made up.
    private static let earlier = #"""
        {"bpffs": "/sys/fs/bpf/weir", "conservation_violations": 0,
        "coverage": {"impaired": [{"port": "tap1", "reason": "why"}], "interruptions": 1,
        "last_interruption": "a filter of tap0"}, "damaged_segments": [], "drain_seconds": 0.000224399,
        "drain_seconds_total": 0.003271425, "early_swaps": 0, "export": {"pid": 2764, "restarts": 0},
        "interval_seconds": 1, "journal_bytes": 0, "journal_failures": 0, "kernel_drops": {"missed": 2,
        "missed_by_port": {"tap0": 2}}, "last_window": {"ports": {"tap0": {"egress": {"bytes": 0,
        "overflow_packets": 0, "packets": 0}, "ingress": {"bytes": 0, "overflow_packets": 0,
        "packets": 0}}}, "seconds": 1}, "occupancy": 0, "occupancy_high_water": 2.8722426470588235e-05,
        "ovs": {"bridges": ["br0"], "connected": true, "guest_ports": 3, "interfaces": 5,
        "reconnects": 2, "socket": "/run/ovs", "stand_ins": ["tap1"]}, "packets_given_up": 0,
        "pid": 2759, "ports": 1, "records": 13, "records_given_up": 0, "refused": {"tap9": "no room"},
        "reload": {"failed": false, "problems": [], "seconds": 1795817960}, "resident_bytes": 5349376,
        "restarts": 0, "segments_waiting": 0, "sinks": [{"acknowledged": 0, "counts": {"bytes": 842,
        "files": 0, "records": 12, "refused": 0, "windows": 9}, "damaged": 0, "ended": false,
        "failures": 0, "kind": "files", "name": "files", "next_delivery": 1795818000,
        "to": "/var/log/flows", "windows_behind": 0, "windows_held": 9}],
        "started_seconds": 1795817957.2487419, "state": "measuring", "store": {"bytes": 93459,
        "newestSeconds": 1795817967, "oldestSeconds": 1795817957, "segments": 10}, "store_failures": 0,
        "swap_seconds": 0.014957202, "swap_seconds_total": 0.112931834, "swaps": 10,
        "unaccounted_packets": 0, "verdicts": {"accepted": {"bytes": 264, "packets": 4, "records": 4},
        "mixed": {"bytes": 0, "packets": 0, "records": 0}, "rejected": {"bytes": 56, "packets": 1,
        "records": 1}, "rejections": [{"count": {"bytes": 56, "packets": 1, "records": 1},
        "reason": "NOT_SPECIFIED", "source": "kernel-drop"}], "unknown": {"bytes": 208, "packets": 3,
        "records": 2}}, "windows": 10, "windows_given_up": 0, "windows_replayed": 0, "windows_stored": 10}
        """#

    private static func read(_ text: String) throws -> DaemonReport {
        try JSONDecoder().decode(DaemonReport.self, from: Data(text.utf8))
    }

    private static func object(_ data: Data) throws -> NSDictionary? {
        try JSONSerialization.jsonObject(with: data) as? NSDictionary
    }

    @Test func `what an earlier daemon wrote is read, and written again to the letter`() throws {
        let report = try Self.read(Self.earlier)
        var written = try #require(try Self.object(JSONEncoder().encode(report)) as? [String: NSObject])
        // It knew of no providers, and there are none.
        #expect(written.removeValue(forKey: "providers") == [] as NSArray)
        #expect(try written as NSDictionary == Self.object(Data(Self.earlier.utf8)))
        #expect(
            report.lines.map(\.name) == [
                "daemon", "closed", "packets", "reloaded", "swaps", "journal", "store", "sink", "impaired", "mended",
                "ovs", "verdicts", "", "drops",
            ])
        #expect(report.lines[0] == ReportLine("daemon", "pid 2759, a window every 1 s"))
        #expect(report.lines[1] == ReportLine("closed", "windows 10, records 13"))
    }

    @Test func `what an earlier daemon did not know is not known`() throws {
        var fields = try #require(try Self.object(Data(Self.earlier.utf8)) as? [String: Any])
        for key in ["journal_failures", "coverage", "kernel_drops"] { fields[key] = nil }
        let report = try JSONDecoder().decode(
            DaemonReport.self, from: JSONSerialization.data(withJSONObject: fields))
        #expect(report.journal.failures == nil && report.ports.coverage == nil && report.kernelDrops == nil)
    }

    @Test func `a report that lacks what every daemon says is none`() {
        #expect(throws: DecodingError.self) { try Self.read(#"{"pid":1}"#) }
    }
}
