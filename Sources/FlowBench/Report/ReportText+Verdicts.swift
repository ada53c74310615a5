// SPDX-License-Identifier: Apache-2.0

/// What verdicts take, and what others take in the place of Weir.
extension ReportText {
    var classifierSection: [String] {
        let rows = report.classifier.map { figure in
            [
                "\(figure.masks)", "", Self.number(figure.cached.median), Self.number(figure.tupleSpace.median),
                Self.number(figure.both.median), Self.number(figure.hitRatio, digits: 3),
            ]
        }
        return Self.section(
            "ns a lookup among \(report.classifier.first?.rules ?? 0) rules in user space",
            header: ["MASKS", "", "CACHED", "TUPLE SPACE", "BOTH, ZIPF", "HITS"], rows: rows)
    }

    var judgementSection: [String] {
        let rows = report.judgements.map { figure in
            [
                "megaflow judge", "", "\(figure.records)", "\(figure.megaflows)",
                Self.number(figure.judgeMilliseconds.median), Self.number(figure.readMilliseconds.median),
            ]
        }
        return Self.section(
            "ms of CPU to judge a window by megaflows, and to read them once",
            header: ["", "", "RECORDS", "MEGAFLOWS", "JUDGE", "READ"], rows: rows)
    }

    var pollingSection: [String] {
        let rows = report.polling.map { figure in
            [
                "ovs-vswitchd", "", "\(figure.megaflows)", Self.number(figure.percentAlone, digits: 2),
                Self.number(figure.percentWatched, digits: 2),
            ]
        }
        return Self.section(
            "CPU time of Open vSwitch in percent of a core, without and with Weir polling its megaflows",
            header: ["", "", "MEGAFLOWS", "NOBODY", "WEIR"], rows: rows)
    }

    var policySection: [String] {
        let rows = report.policies.map { figure in
            [
                "\(figure.masks) masks", "", "\(figure.rules)", Self.number(figure.firstPacket.median),
                Self.number(figure.laterPackets.median),
            ]
        }
        return Self.section(
            "ns a packet that a policy takes more than none",
            header: ["POLICY", "", "RULES", "FIRST PACKET", "LATER PACKETS"], rows: rows)
    }

    /// One row a way of counting, one column a load.
    var conntrackSection: [String] {
        let loads = report.conntrack.map(\.frame).reduce(into: [String]()) { if !$0.contains($1) { $0.append($1) } }
        let rows = report.conntrack.filter { $0.frame == loads.first }.map { first in
            [first.subject, ""]
                + report.conntrack.filter { $0.subject == first.subject }.map { figure in
                    first.subject == report.conntrack.first?.subject
                        ? Self.number(figure.gross.median) : "+" + Self.number(figure.delta.median)
                }
        }
        return Self.section(
            "CPU ns a frame that the host routes from a tap to another",
            header: ["COUNTED BY", ""] + loads, rows: rows)
    }
}
