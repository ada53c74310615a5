// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowTestKit
import Host

/// A tap with one program on it, or none.
final class TapLane {
    let name: String
    let subject: (any Subject)?
    let type: BPFProgramType?
    private let tap: TapDevice
    /// Goes before the tap.
    private var attachment: TemporaryAttachment?

    /// A tap without a program.
    init(_ name: String, in namespace: NetworkNamespace) throws {
        tap = try TapDevice(name, in: namespace)
        self.name = "no program"
        subject = nil
        type = nil
        attachment = nil
    }

    /// A tap whose frames tc-mirred(8) copies to another interface.
    init(_ name: String, in namespace: NetworkNamespace, mirroredTo interface: String) throws {
        tap = try TapDevice(name, in: namespace)
        self.name = "tc mirred"
        subject = nil
        type = .tc
        attachment = nil
        try namespace.run(["tc", "qdisc", "add", "dev", name, "clsact"])
        let action =
            ["protocol", "all", "u32", "match", "u32", "0", "0"]
            + ["action", "mirred", "egress", "mirror", "dev", interface]
        try namespace.run(["tc", "filter", "add", "dev", name, "ingress"] + action)
    }

    /// A tap with the subject's program of that type.
    init(_ name: String, in namespace: NetworkNamespace, _ subject: any Subject, _ type: BPFProgramType) throws {
        tap = try TapDevice(name, in: namespace)
        self.name = subject.name
        self.subject = subject
        self.type = type
        attachment = nil
        try subject.withProgram(type) { program in
            attachment = try namespace.inside {
                try TemporaryAttachment(program, to: try NetworkInterface.named(name))
            }
        }
    }

    /// CPU nanoseconds a frame, of those behind the first few, which fetch what the other lanes have pushed out of caches.
    func write(_ frame: TapFrame) throws -> Double {
        for _ in 0..<Self.leadIn { try tap.write(frame) }
        let time = try ThreadCPU.time { for _ in 0..<Self.timed { try tap.write(frame) } }
        return time / .nanoseconds(Self.timed)
    }

    static let framesATurn = leadIn + timed
    private static let leadIn = 20
    private static let timed = 100
}
