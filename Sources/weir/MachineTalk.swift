// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowStore
import FlowViews
import HostMonitor

/// Whom a machine talks to, and what was rejected of that: of the store, and of the window that is open now.
struct MachineTalk {
    private(set) var peers: Ranking?
    private(set) var rejects: Ranking?
    /// What else the operator should know.
    private(set) var notes: [String] = []

    private static let fields: [GroupField] = [
        .column(.sourceAddress), .column(.destinationAddress), .column(.transport), .column(.destinationPort),
    ]

    /// - Parameter since: as commands take times.
    init(of entry: MachineEntry, since: String, in store: StorePlace) throws {
        let names = entry.ports.map(\.interface)
        guard !names.isEmpty else {
            notes = ["Weir measures no port of this machine: whom it talks to is not known"]
            return
        }
        let list = names.map { "\"\($0)\"" }.joined(separator: ", ")
        let selection = StoreSelection()
        let filter = try selection.filter("interface in [\(list)]")
        let now = selection.now.seconds
        var source = try TrafficSource(store)
        let answer = try source.answer(by: Self.fields, filter, since: try selection.since(since), until: nil, now: now)
        peers = answer.ranking(.bytes)
        rejects = Self.rejected(answer)
        notes = answer.notes + answer.damages.map { "damaged: \($0.segment.path)" }
    }

    /// nil where nothing was rejected.
    private static func rejected(_ answer: TrafficSource.Answer) -> Ranking? {
        let ranking = answer.ranking(.rejects)
        return ranking.sum.rejectedPackets > 0 ? ranking : nil
    }
}

/// What is known of one machine, as JSON has it.
struct MachineFacts: Encodable {
    private let entry: MachineEntry
    private let talk: MachineTalk
    private let most: Int

    init(_ entry: MachineEntry, _ talk: MachineTalk, most: Int) {
        self.entry = entry
        self.talk = talk
        self.most = most
    }

    private enum CodingKeys: String, CodingKey { case machine, ports, comparison, peers, rejects }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encodeIfPresent(entry.machine, forKey: .machine)
        try container.encode(entry.ports, forKey: .ports)
        try container.encode(TrafficComparison.all(of: entry), forKey: .comparison)
        for (key, ranking) in [(CodingKeys.peers, talk.peers), (.rejects, talk.rejects)] {
            guard let ranking else { continue }
            try container.encode(
                RankingReport(ranking, shown: most, filter: nil, hasOpenWindow: talk.notes.isEmpty), forKey: key)
        }
    }
}
