// SPDX-License-Identifier: Apache-2.0

import FlowKernel

/// What becomes of a configuration that was read again while the daemon runs.
package struct ConfigurationChange: Equatable, Sendable {
    /// What is in force from now on: the new configuration, but for what needs a restart.
    package private(set) var configuration: Configuration
    /// Keys whose new values are in force.
    package private(set) var taken: [ConfigurationKey] = []
    /// Keys that have another value now, which is not in force.
    package private(set) var refused: [ConfigurationKey] = []
    private let old: Configuration

    /// Compares what is in force with what was read.
    ///
    /// Throws where what is left of the new configuration cannot be meant.
    package init(from old: Configuration, to new: Configuration) throws(ConfigurationError) {
        self.old = old
        configuration = new
        refuseWhatStays()
        takeRest()
        try configuration.refuseUnmarkedStandIns()
    }

    private mutating func refuseWhatStays() {
        keep(\.bpffs, .bpffs)
        keep(\.stateDirectory, .stateDirectory)
        keep(\.socket, .socket)
        keep(\.metrics, .metrics)
        keep(\.ovs, .ovs)
        keep(\.watchesKernelDrops, .kernelDrops)
        keep(\.interval, .interval)
        keep(\.tables.flowBudget, .flows)
        keep(\.tables.portShare, .portShare)
        keep(\.tables.memoryLimit, .tableMemory)
        keep(\.tables.engine, .tableEngine)
    }

    private mutating func takeRest() {
        take(\.ports, .ports)
        take(\.policy, .policy)
        take(\.queueSize, .queueSize)
        take(\.logDirectory, .logDirectory)
        take(\.format, .format)
        take(\.fields, .fields)
        take(\.filter, .log)
        take(\.layout, .layout)
        take(\.hourly, .hourly)
        take(\.publishPeriod, .publishPeriod)
        take(\.fileSize, .fileSize)
        take(\.accountID, .accountID)
        take(\.region, .region)
        take(\.flowLogID, .flowLogID)
        take(\.printsLines, .stdout)
        take(\.expeditesRCU, .expediteRCU)
        take(\.detachesOnExit, .detachOnExit)
    }

    private mutating func keep<Value: Equatable>(
        _ path: WritableKeyPath<Configuration, Value>, _ key: ConfigurationKey
    ) {
        guard old[keyPath: path] != configuration[keyPath: path] else { return }
        configuration[keyPath: path] = old[keyPath: path]
        refused.append(key)
    }

    private mutating func take<Value: Equatable>(_ path: KeyPath<Configuration, Value>, _ key: ConfigurationKey) {
        if old[keyPath: path] != configuration[keyPath: path] { taken.append(key) }
    }
}

extension ConfigurationChange {
    /// Why a key stays as it was, in a sentence.
    package static func refusal(of key: ConfigurationKey) -> String {
        switch key {
        case .flows, .portShare, .tableMemory, .tableEngine:
            "\(key.rawValue): the tables are there already; they are made anew at a start that finds no port attached"
        default: "\(key.rawValue): a new value takes a restart of the daemon; the one before stays in force"
        }
    }
}
