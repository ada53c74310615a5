// SPDX-License-Identifier: Apache-2.0

package import BPF
import FlowKernel
package import Host

/// Sends one frame through a program again and again, each time as a packet of the next flow of a sequence.
///
/// By BPF_PROG_TEST_RUN: millions of packets a second, one system call, no interface. Owns the program that rewrites the
/// frame and keeps the one under test alive.
package struct FrameReplay: ~Copyable {
    private let program: BPFProgram
    private let target: BPFMap
    private let state: MappedArray<UInt32>
    private let frame: [UInt8]

    /// What bpf/bench/replay.bpf.c returns where there was nothing to call.
    private static let noTarget: Int32 = 119

    /// Prepares to send the frame through a TC or XDP program.
    package init(
        _ form: FrameForm, of sequence: borrowing FlowSequence, through tested: borrowing BPFProgram
    ) throws(KernelError) {
        guard tested.type != .other else {
            throw KernelError(
                .unsupported, "cannot run \(tested.name)", cause: "it is neither a TC nor an XDP program")
        }
        let object = try BenchProgram.replay.open(for: tested.type)
        try object.setInitialValue(form.place, of: ".rodata.replay")
        try object.reuse(sequence.map)
        try object.load()
        let target = try object.map(named: "replay_target")
        try target.setProgram(tested, at: 0)
        let state = try MappedArray<UInt32>(of: try object.map(named: "replay_state"), rights: .readWrite)
        program = try object.program(inSection: tested.type.rawValue)
        self.target = target
        self.state = state
        frame = form.bytes
    }

    /// Goes to the start of the sequence, whose length may have changed.
    package func rewind(_ sequence: borrowing FlowSequence) {
        state[0] = 0
        state[1] = UInt32(sequence.length)
    }

    /// Sends that many packets from where the last run stopped, and begins anew at the end of the sequence.
    ///
    /// Blocks. To be rewound once before the first run.
    package func run(packets: Int) throws(KernelError) {
        let verdict = try program.run(on: frame, repeating: packets)
        guard verdict != Self.noTarget else {
            throw KernelError(.invalid, "cannot replay packets", cause: "the program under test was not called")
        }
    }

    /// Does the same and says how long the thread was at work for one packet, in nanoseconds.
    ///
    /// CPU time, since the kernel sleeps some milliseconds before it runs an XDP program (bpf_dispatcher_update), and
    /// since a bench has neighbours.
    package func time(packets: Int) throws(KernelError) -> Double {
        let time = try ThreadCPU.time { () throws(KernelError) in try run(packets: packets) }
        return time / .nanoseconds(packets)
    }
}
