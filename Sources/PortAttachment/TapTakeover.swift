// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
import FlowModel
package import HostTaps
package import PortDirectory
import TapService
package import WeirConfiguration

/// Taps of ports that are brought over from another version: they are in force in the new tables before a program counts there, and their
/// accounts go on.
package struct TapTakeover {
    private var taps: TapRuntime
    /// Those that the other version has counted in.
    private let accounts: Set<Int>
    private let configuration: Configuration
    private let directory: MergedDirectory
    private let notes: PortNotes?

    package init(
        _ taps: TapRuntime, _ configuration: Configuration, directory: MergedDirectory, notes: PortNotes?
    ) {
        self.taps = taps
        accounts = taps.accounts
        self.configuration = configuration
        self.directory = directory
        self.notes = notes
    }

    /// - Parameter ports: those that come.
    package mutating func prepare(_ ports: [RegisteredPort], in installation: borrowing Installation) {
        taps.prepare(TapSurroundings(ports, configuration, directory, notes), by: installation)
    }

    /// Once no program counts there any more.
    package mutating func countOn(from earlier: borrowing EarlierFlowSource) throws {
        let counts = try earlier.tapCounts(of: accounts)
        let figures = counts.mapValues { TapFigures(ingress: $0.ingress, egress: $0.egress) }
        taps.countOn(from: figures, of: earlier.installation)
    }
}
