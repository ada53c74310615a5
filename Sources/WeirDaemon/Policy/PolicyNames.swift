// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowVerdict
import Foundation
import SystemPackage

/// What the rules are called that records name by their numbers, read again where another policy was loaded. Used from one
/// thread.
final class PolicyNames {
    private let state: PolicyState
    private var known: (version: Data, verdicts: PolicyVerdicts)?

    init(_ state: PolicyState) { self.state = state }

    /// Those that hold now, and of earlier policies as far as they are remembered.
    var verdicts: PolicyVerdicts {
        let bytes = Data((try? HeldFolder.read(state.file)) ?? [])
        if let known, known.version == bytes { return known.verdicts }
        let verdicts = PolicyVerdicts(state)
        known = (bytes, verdicts)
        return verdicts
    }
}
