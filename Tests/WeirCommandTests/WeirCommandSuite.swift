// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Testing

/// The command as an operator runs it: the real binary, real namespaces, real packets. Needs root.
///
/// One test at a time, since they share the CPUs with what they measure.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) enum WeirCommandSuite {}
