// SPDX-License-Identifier: Apache-2.0

/// The keys of a configuration file. A flag of the command has the same name behind two dashes.
package enum ConfigurationKey: String, CaseIterable, Sendable {
    case bpffs
    case stateDirectory = "state-dir"
    case queueSize = "queue-size"
    case socket
    case metrics
    case ports
    case policy
    case ovs
    case ovsRunDirectory = "ovs-rundir"
    case ovsControl = "ovs-control"
    case ovsBridges = "ovs-bridges"
    case ovsStandIn = "ovs-stand-in"
    case ovsVerdicts = "ovs-verdicts"
    case ovsTraceRate = "ovs-trace-rate"
    case kernelDrops = "kernel-drops"
    case interval
    case flows
    case portShare = "port-share"
    case tableMemory = "table-memory"
    case tableEngine = "table-engine"
    case logDirectory = "log-dir"
    case format
    case fields
    case log
    case layout
    case hourly
    case publishPeriod = "publish-period"
    case fileSize = "file-size"
    case accountID = "account-id"
    case region
    case flowLogID = "flow-log-id"
    case stdout
    case expediteRCU = "expedite-rcu"
    case detachOnExit = "detach-on-exit"
}

extension ConfigurationKey {
    /// The environment variables that stand for a key.
    package static let environmentVariables: [(key: ConfigurationKey, name: String)] = [
        (.bpffs, "WEIR_BPFFS"),
        (.stateDirectory, "WEIR_STATE_DIR"),
        (.socket, "WEIR_SOCKET"),
    ]
}
