// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Which flows of a port are written, as AWS's flow logs can be narrowed. All are counted.
package enum LogFilter: String, CaseIterable, Sendable {
    case all, accept, reject

    /// A record that met both is in either: some of its packets are what is asked for. One whose verdict is not known is in neither.
    package func takes(_ verdict: Verdict) -> Bool {
        switch (self, verdict.action) {
        case (.all, _), (_, .mixed), (.accept, .accept), (.reject, .reject): true
        default: false
        }
    }
}
