// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Testing

/// What takes a kernel with trampolines, loadable modules or no TCX: Debian's own, in the virtual machine of
/// `tools/test-vm`, one test at a time.
@Suite(.serialized, .enabled(if: KernelAccess.isSecondKernel)) enum SecondKernel {}
