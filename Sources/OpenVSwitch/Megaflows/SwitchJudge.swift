// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict

/// Judges records of what came in at ports of the switch: by its megaflows, and what they leave open by asking it.
struct SwitchJudge: VerdictJudge {
    let board: MegaflowBoard
    let tracer: SwitchTracer

    /// For the switch to answer, and to be asked whether anything has changed.
    private static let patience = Duration.seconds(4)

    func judge(of window: Window) -> (any WindowJudge)? {
        board.wait(for: window.end, atMost: .seconds(board.report.intervalSeconds) + Self.patience)
        let (megaflows, changes) = board.update { history in
            defer { history.forget(before: window.start) }
            return (MegaflowJudge(history, of: window), history.changes)
        }
        return SwitchWindowJudge(
            megaflows: megaflows, changes: changes, datapaths: board.place.datapaths, board: board, tracer: tracer)
    }
}

/// Of one window.
struct SwitchWindowJudge: WindowJudge {
    private var megaflows: MegaflowJudge
    private let changes: RuleChanges
    private let datapaths: [String]
    private let board: MegaflowBoard
    private let tracer: SwitchTracer
    /// Until when the switch is asked about records of this window.
    private let end: ContinuousClock.Instant

    /// Publishing waits for no more than that.
    private static let most = Duration.seconds(3)

    init(
        megaflows: MegaflowJudge, changes: RuleChanges, datapaths: [String], board: MegaflowBoard, tracer: SwitchTracer
    ) {
        self.megaflows = megaflows
        self.changes = changes
        self.datapaths = datapaths
        self.board = board
        self.tracer = tracer
        end = .now + Self.most
    }

    mutating func verdict(of record: borrowing FlowRecord) -> Verdict? {
        megaflows.verdict(of: record) ?? answer(of: record)
    }

    /// What the switch says to the question what it would do with such a packet now, where that is what it did.
    private func answer(of record: borrowing FlowRecord) -> Verdict? {
        guard let datapath = megaflows.datapath(of: record) ?? (datapaths.count == 1 ? datapaths[0] : nil),
            record.key.direction != record.port.role.directionToPort,
            changes.isCalm(since: record.first), let flow = PacketQuestion.flow(of: record),
            ContinuousClock.now < end, board.mayTrace(for: record.port.name)
        else { return nil }
        guard let trace = try? tracer.trace(flow, on: datapath) else { return nil }
        guard !trace.asksConntrack || PacketQuestion.beginsConnection(record) else { return nil }
        switch trace.action {
        case .accept: return .accept(.ovsTrace, rule: trace.rule)
        case .reject: return .reject(.ovsTrace, rule: trace.rule)
        default: return nil
        }
    }
}
