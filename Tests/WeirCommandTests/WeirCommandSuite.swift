// SPDX-License-Identifier: Apache-2.0

import Testing

/// The command as an operator runs it: the real binary, real namespaces, real packets. Needs root.
///
/// One test at a time, since they share the CPUs with what they measure.
@Suite(.serialized) enum WeirCommandSuite {}
