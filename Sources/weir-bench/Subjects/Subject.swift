// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel

/// Something that packets are sent through.
protocol Subject: AnyObject {
    var name: String { get }
    /// The kinds of program that it has.
    var types: [BPFProgramType] { get }
    /// Whether it counts the frame; what does not is not measured with it.
    func counts(_ form: FrameForm) -> Bool

    /// Calls `body` with its program of that type, one of `types`.
    func withProgram(_ type: BPFProgramType, _ body: (borrowing BPFProgram) throws -> Void) throws

    /// Packets that it says it has counted since it was emptied; nil where it counts none, or that cannot be known.
    ///
    /// Throws where packets found no slot.
    func countedPackets() throws -> UInt64?

    /// Forgets all packets and flows.
    func empty() throws
}

extension Subject {
    func counts(_ form: FrameForm) -> Bool { true }
    func countedPackets() throws -> UInt64? { nil }
    func empty() throws {}
}

extension Subject {
    /// Throws where what it counted is not what was sent to it since it was emptied.
    func check(sent: UInt64) throws {
        guard let counted = try countedPackets(), counted != sent else { return }
        throw BenchFailure(
            description: "\(name) counted \(counted) of \(sent) packets: its figures would mean nothing")
    }
}
