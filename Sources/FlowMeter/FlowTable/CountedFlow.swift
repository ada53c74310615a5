// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A flow with what was counted of it: on one CPU where it comes from the kernel, on all of them in a `FlowTable`.
package struct CountedFlow: Equatable, Sendable, BitwiseCopyable {
    package var key: FlowKey
    package var counters: FlowCounters

    package init(key: FlowKey, counters: FlowCounters) {
        self.key = key
        self.counters = counters
    }
}
