// SPDX-License-Identifier: Apache-2.0

import ArgumentParser

/// What can be measured by itself.
enum BenchPart: String, CaseIterable, ExpressibleByArgument {
    case packets, forms, insert, drain, records, memory, tap, swap, ports, forwarding, classifier, judgement, polling
    case policy, conntrack
}
