// SPDX-License-Identifier: Apache-2.0

/// A megaflow: which packets it is for, and what becomes of them.
struct Megaflow: Sendable {
    let key: MegaflowKey
    let mask: MegaflowKey
    let states: ConntrackStates
    let recirculation: UInt32
    let inPort: String
    let isOpaque: Bool
    let hasEthernet: Bool
    let outcome: DatapathOutcome

    init(_ match: MegaflowMatch, _ outcome: DatapathOutcome) {
        key = match.key.masked(by: match.mask)
        mask = match.mask
        states = match.states
        recirculation = match.recirculation
        inPort = match.inPort
        isOpaque = match.isOpaque
        hasEthernet = match.hasEthernet
        self.outcome = outcome
    }
}
