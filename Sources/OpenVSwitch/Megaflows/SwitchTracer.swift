// SPDX-License-Identifier: Apache-2.0

import FlowVerdict

/// Asks the switch what it would do with a packet (`ofproto/trace`).
struct SwitchTracer: Sendable {
    private let client: UnixctlClient
    private let board: MegaflowBoard

    private static let patience = Duration.seconds(1)
    private static let mostLines = 4096

    init(board: MegaflowBoard) {
        client = UnixctlClient()
        self.board = board
    }

    /// What it answers; throws where it does not, or cannot say.
    ///
    /// What conntrack will say of the packet is taken to be that it is new.
    ///
    /// - Parameter datapath: as `dpctl/dump-dps` has it.
    func trace(_ flow: String, on datapath: String) throws(UnixctlFailure) -> PipelineTrace {
        guard let server = board.place.server else { throw .unreachable("it is not there") }
        // The switch's own name of all datapaths of a type.
        let name = datapath.split(separator: "@").last.map(String.init) ?? datapath
        var lines: [String] = []
        do throws(UnixctlFailure) {
            try client.ask(
                server, "ofproto/trace", [name, flow], silence: Self.patience, limit: Self.patience
            ) { if lines.count < Self.mostLines { lines.append($0) } }
        } catch {
            board.noteTrace(isAnswered: false)
            throw error
        }
        board.noteTrace(isAnswered: true)
        return PipelineTrace(lines)
    }
}
