// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowModel
import FlowTestKit
import Host
import Testing

/// Everything that runs on interfaces, one test at a time: they share the CPUs with the kernel that they measure.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) enum RealInterfaces {
    /// The ways to see the frames that come from a port.
    enum Way: String, CaseIterable, CustomTestStringConvertible {
        case tc, xdpNative, xdpGeneric

        var testDescription: String { rawValue }

        var options: AttachOptions {
            switch self {
            case .tc: AttachOptions(hook: .tc)
            case .xdpNative: AttachOptions(hook: .xdp, xdpMode: .native)
            case .xdpGeneric: AttachOptions(hook: .xdp, xdpMode: .generic)
            }
        }
    }

    /// What TC is on this kernel: links since 6.6, filters of the clsact qdisc before.
    static var tcHook: Hook {
        get throws { try #require(KernelVersion.running) < KernelVersion(6, 6) ? .clsact : .tcx }
    }
}
