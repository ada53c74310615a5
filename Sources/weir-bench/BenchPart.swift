// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What can be measured by itself.
enum BenchPart: String, CaseIterable, ExpressibleByArgument {
    case packets, forms, insert, drain, records, memory, tap, taps, swap, ports, forwarding, classifier, judgement
    case polling
    case policy, conntrack, store
}
