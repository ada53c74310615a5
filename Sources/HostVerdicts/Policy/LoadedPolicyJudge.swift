// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowModel
import FlowVerdict
import Foundation
import Synchronization

/// Judges by the policies that were loaded: reads again what their rules are called when another one was.
///
/// Rules have no names for a process that must not read the state directory.
final class LoadedPolicyJudge: VerdictJudge {
    private let state: PolicyState
    private let known = Mutex<(version: Data, judge: PolicyJudge)?>(nil)

    init(_ state: PolicyState) { self.state = state }

    func judge(of window: Window) -> (any WindowJudge)? { judge }

    /// By the rules that are in force now, and those of earlier policies as far as they are remembered.
    private var judge: PolicyJudge {
        let bytes = Data((try? HeldFolder.read(state.file)) ?? [])
        return known.withLock { known in
            if let known, known.version == bytes { return known.judge }
            let judge = PolicyJudge((try? state.read())?.book ?? RuleBook())
            known = (bytes, judge)
            return judge
        }
    }
}
