// SPDX-License-Identifier: Apache-2.0

import FlowVerdict

/// Asks the switch what it would do with a packet (`ofproto/trace`).
struct SwitchTracer: Sendable {
    private let client: UnixctlClient
    private let board: MegaflowBoard

    private static let patience = Duration.seconds(1)
    private static let mostLines = 4096

    init(runDirectory: String, board: MegaflowBoard) {
        client = UnixctlClient(runDirectory: runDirectory)
        self.board = board
    }

    /// nil where it does not answer.
    ///
    /// - Parameters:
    ///   - datapath: as `dpctl/dump-dps` has it.
    ///   - states: what conntrack says of the packet, at each look that follows; without it, that it is new.
    func trace(_ flow: String, on datapath: String, states: String? = nil) -> PipelineTrace? {
        guard let pid = board.knowledge.pid else { return nil }
        // The switch's own name of all datapaths of a type.
        let name = datapath.split(separator: "@").last.map(String.init) ?? datapath
        var lines: [String] = []
        let options = states.map { Array(repeating: ["--ct-next", $0], count: 8).flatMap(\.self) } ?? []
        do throws(UnixctlFailure) {
            try client.ask(
                pid, "ofproto/trace", [name, flow] + options, silence: Self.patience, limit: Self.patience
            ) { if lines.count < Self.mostLines { lines.append($0) } }
        } catch {
            return nil
        }
        return PipelineTrace(lines)
    }
}
