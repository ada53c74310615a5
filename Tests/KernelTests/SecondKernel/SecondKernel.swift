// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Testing

/// What takes a kernel with trampolines or modules: Debian's own, in the virtual machine of `tools/test-vm`, one test at a
/// time. There nothing skips.
@Suite(.serialized, .enabled(if: KernelAccess.isSecondKernel)) enum SecondKernel {}
