// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

/// What takes a kernel with trampolines, loadable modules or no TCX: Debian's own, in the virtual machine of
/// `tools/test-vm`, one test at a time.
@Suite(.serialized, .enabled(if: SecondKernel.isRunning)) enum SecondKernel {
    /// `tools/test-vm` says so; there nothing skips.
    static var isRunning: Bool { ProcessInfo.processInfo.environment["WEIR_SECOND_KERNEL"] == "1" }
}
