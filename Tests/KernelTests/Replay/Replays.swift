// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Testing

/// Everything that sends millions of packets by replay, one test at a time: they share the CPUs.
@Suite(.serialized, .enabled(if: KernelAccess.isExpected)) enum Replays {}
