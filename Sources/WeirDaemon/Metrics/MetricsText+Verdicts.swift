// SPDX-License-Identifier: Apache-2.0

extension MetricsText {
    /// What became of the packets of published records, and what said no to how many.
    mutating func add(_ verdicts: VerdictReport) {
        let outcomes = [
            ("accept", verdicts.accepted), ("reject", verdicts.rejected), ("mixed", verdicts.mixed),
            ("unknown", verdicts.unknown),
        ]
        begin("weir_verdict_packets_total", .counter, help: "Packets of published records, by their verdict.")
        for (verdict, count) in outcomes { add(count.packets, labels: [("verdict", verdict)]) }
        begin("weir_verdict_bytes_total", .counter, help: "Bytes from the IP header on, by their verdict.")
        for (verdict, count) in outcomes { add(count.bytes, labels: [("verdict", verdict)]) }
        begin(
            "weir_rejected_packets_total", .counter,
            help: "Packets of published records that were rejected, by who said so, why, and which rule.")
        for rejection in verdicts.rejections { add(rejection.count.packets, labels: Self.labels(of: rejection)) }
    }

    private static func labels(of rejection: VerdictReport.Rejection) -> [(name: String, value: String)] {
        [
            ("source", rejection.source ?? ""), ("reason", rejection.reason ?? ""), ("rule", rejection.rule ?? ""),
        ]
    }
}
