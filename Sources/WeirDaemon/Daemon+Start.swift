// SPDX-License-Identifier: Apache-2.0

package import DaemonReports
import DirectoryProviders
import FlowKernel
import FlowStore
import HelperSupervision
import Host
import HostMonitor
package import Logging
package import WeirConfiguration

extension Daemon {
    /// What a start does, in this order. A start that fails leaves nothing behind that was not there: where a step throws, those before it are
    /// undone, the last one first.
    static var startSteps: [StartStep<DaemonParts>] {
        [
            StartStep("check capabilities") { _ in try Capability.require(for: "measure ports") },
            // Another daemon may be about to take its lock: only the one that has the lock removes the directory.
            StartStep("make the directory of pins") { try $0.directory.prepare() },
            StartStep("lock the directory of pins") {
                try $0.takeLock()
            } undo: {
                $0.directory.removeBaseIfEmpty()
            },
            StartStep("take the state directory") {
                try $0.takeStateDirectory()
            } undo: {
                $0.state.removeIfNew()
            },
            // Both lie in the state directory, or were there.
            StartStep("open the store") { try $0.openStore() },
            StartStep("open the journal") { try $0.openJournal() },
            StartStep("start weir-export") {
                try $0.startExports()
            } undo: {
                $0.exports.abandon()
            },
            // From now on others see how far the start is: what follows can take long.
            StartStep("publish the board") { $0.makeBoard() },
            StartStep("follow the host") {
                try $0.startHostWatch()
            } undo: {
                $0.hostWatch.end()
            },
            StartStep("start the providers") {
                $0.startProviders()
            } undo: {
                $0.providers.end()
            },
            // What follows QEMU and the switch ends with the parts.
            StartStep("follow QEMU's processes") { $0.followQEMU() },
            StartStep("follow the switch") { try $0.followSwitch() },
            // What was moved stays, and is measured by the next daemon.
            StartStep("take over from another version") { try $0.takeOver() },
            StartStep("open the tables") {
                try $0.openTables()
            } undo: {
                $0.removeTables()
            },
            // It stays in force on ports that are attached already, as the operator asked for; else it goes with the tables.
            StartStep("load the policy") { try $0.loadPolicy() },
            StartStep("make the meter") { try $0.makeMeter() },
            StartStep("make the port watch") { try $0.makePortWatch() },
        ]
    }

    /// Takes over what is pinned; ports are attached by `run`. Where it throws, nothing is changed.
    ///
    /// - Parameter onBoard: told of the board before anything that can take long.
    package init(
        configuration: Configuration, logger: Logger, pid: Int32,
        onBoard: @escaping (DaemonBoard) -> Void = { _ in }
    ) throws {
        var parts = DaemonParts(configuration, logger, pid: pid, onBoard: onBoard)
        try StartStep.run(Self.startSteps, on: &parts)
        self.init(parts)
    }
}

extension Configuration {
    var storeRetention: StoreRetention { StoreRetention(age: storeAge, bytes: Int64(storeSize)) }
}
