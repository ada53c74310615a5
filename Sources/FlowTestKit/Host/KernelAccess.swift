// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc

/// Whether tests that load programs, mount file systems and make interfaces are to be run.
package enum KernelAccess {
    /// True for root, and wherever `WEIR_REQUIRE_KERNEL=1` says that nothing may skip: there a missing privilege fails.
    package static var isExpected: Bool {
        geteuid() == 0 || ProcessInfo.processInfo.environment["WEIR_REQUIRE_KERNEL"] == "1"
    }

    /// Whether this is the kernel of the virtual machine that `tools/test-vm` boots: it says so, and there nothing skips.
    package static var isSecondKernel: Bool { ProcessInfo.processInfo.environment["WEIR_SECOND_KERNEL"] == "1" }
}
