// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Testing

/// The command as an operator runs it: the real binary, real namespaces, real packets. Needs root.
///
/// One test of a process at a time, since they share the CPUs with what they measure. What a test makes is its own: `tools/test` runs
/// two such processes.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) enum WeirCommandSuite {}
