// SPDX-License-Identifier: Apache-2.0

/// What becomes of a configuration that was read again while the daemon runs.
package struct ConfigurationChange<Root: Sendable & Equatable>: Equatable, Sendable {
    /// What is in force from now on: the new configuration, but for what needs a restart.
    package private(set) var configuration: Root
    /// Keys whose new values are in force.
    package private(set) var taken: [String] = []
    /// Keys that have another value now, which is not in force.
    package private(set) var refused: [String] = []
    /// Why each of these stays as it was, in a sentence.
    package private(set) var refusals: [String] = []

    /// Compares what is in force with what was read.
    package init(from old: Root, to new: Root, of table: KeyTable<Root>) {
        configuration = new
        for key in table.keys where !key.isEqual(old, new) {
            guard let refusal = key.reload.refusal(of: key.name) else {
                taken.append(key.name)
                continue
            }
            key.copy(&configuration, old)
            refused.append(key.name)
            refusals.append(refusal)
        }
    }
}
