// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel

/// Every key of the configuration. A section's keys stand in a file of their own.
package enum ConfigurationKeys {
    /// In the order of the documentation. Where a default depends on other keys, those stand above it.
    package static let all = KeyTable<Configuration> {
        ports
        openVSwitch
        providers
        verdicts
        taps
        tables
        store
        logFiles
        records
        daemon
    }
}

extension ConfigurationKeys {
    /// What is measured, and how.
    @KeyTableBuilder<Configuration> private static var ports: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "ports", \.ports, .portRules,
            flag: .repeated("port", "Pattern of interfaces to measure; may be given again", .interface),
            defaultText: "`tap*`, `vnet*`, `veth*`; none with `ovs`",
            "which interfaces are measured, and how: see below. `--port` stands in for the whole list")
        ConfigurationKey(
            "networks", \.networks, .networks, defaultText: "none",
            "names for addresses at either end of a flow: see below")
    }

    /// What became of packets.
    @KeyTableBuilder<Configuration> private static var verdicts: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "policy", \.policy, .path,
            flag: .option(
                "File of a policy that is loaded at the start; else the one that was loaded last stays",
                .files(ending: "yaml")),
            """
            the file of the security groups that are loaded at the start: see [verdicts.md](verdicts.md). Without it what was loaded \
            last stays
            """)
        ConfigurationKey(
            "kernel-drops", \.watchesKernelDrops, .truth,
            flag: .truth("Record packets dropped by the host's network stack, with the kernel's drop reason"),
            reload: .restart,
            "records packets dropped by the host's network stack, with the kernel's drop reason: see [verdicts.md](verdicts.md)"
        )
    }

    /// Copies of packets.
    @KeyTableBuilder<Configuration> private static var taps: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "tap-device", \.tapDevice, .identifier, defaultText: "none: no budget",
            "the interface by which copies of tap services leave for other hosts: see [taps.md](taps.md). What production leaves free of it bounds them"
        )
        ConfigurationKey(
            "tap-share", \.tapShare, .share,
            "of what production leaves free of `tap-device`, the share that copies may take")
        ConfigurationKey(
            "tap-dscp", \.tapDSCP, .count(0...63),
            "differentiated services code point of outer headers of copies, where a tap service says nothing. 1 is lower effort (RFC 8622)"
        )
    }

    /// Windows, and the tables that flows are counted in.
    @KeyTableBuilder<Configuration> private static var tables: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "interval", \.interval, .duration(.seconds(1) ... .seconds(3600)),
            flag: .option("Length of a window: seconds, or 30s, 5m, 1h"), reload: .restart,
            "length of a window. AWS knows 60 s and 10 min")
        ConfigurationKey(
            "flows", \.tables.flowBudget, .count(1...16_777_216),
            flag: .option("Maximum flows per window; used only when the tables are created"), reload: .newTables,
            "flows that a window has room for: see below")
        ConfigurationKey(
            "port-share", \.tables.portShare, .share,
            flag: .option("Part of the table that one port can take, in percent"), reload: .newTables,
            "the part of the table that one port can take; `25` is the same as `25%`")
        ConfigurationKey(
            "table-memory", \.tables.memoryLimit, .wideSize(1_000...1_000_000_000_000),
            flag: .option("Memory that the flow table may take at most, such as 512MB"), reload: .newTables,
            "what the flow table may take at most, such as `512MB`. More flows than fit are refused, with the number that fits"
        )
        ConfigurationKey(
            "table-engine", \.tables.engine, .word,
            flag: .option("line, or percpu-hash: plain, slow, and without early swaps"), reload: .newTables,
            "`line`, or `percpu-hash`: a hash map of the kernel, several times slower, and without early swaps")
    }
}

extension ConfigurationKeys {
    /// The daemon's places, and what it does at its start and end.
    @KeyTableBuilder<Configuration> private static var daemon: [ConfigurationKey<Configuration>] {
        ConfigurationKey(
            "bpffs", \.bpffs, .path,
            flag: .option("Directory in bpffs under which everything is pinned", .directory), variable: "WEIR_BPFFS",
            reload: .restart, "the folder of the pins, on a bpf file system")
        ConfigurationKey(
            "state-dir", \.stateDirectory, .path,
            flag: .option("Directory for the daemon's state", .directory), variable: "WEIR_STATE_DIR", reload: .restart,
            "what the daemon keeps: the journal above all. See [reliability](reliability.md)")
        ConfigurationKey(
            "queue-size", \.queueSize, .size(1_000_000...1_000_000_000_000),
            flag: .option("Most bytes of windows that wait to be published; beyond it the oldest are given up"),
            defaultText: "1 GiB",
            "what windows that wait to be published may take there; beyond it the oldest are given up but for their totals"
        )
        ConfigurationKey(
            "socket", \.socket, .socketPath,
            flag: .option("Control socket of the daemon", .file), variable: "WEIR_SOCKET", reload: .restart,
            "where `weir status` asks the daemon. Mode 0660: it answers root, its own user and the group")
        ConfigurationKey(
            "metrics", \.metrics, .metricsAddress,
            flag: .option("Port, or address and port, for Prometheus: 9469 is that of the loopback interface"),
            reload: .restart,
            """
            where Prometheus can ask: a port, of the loopback interface, or a numeric address and a port: `9469`, `10.0.0.1:9469`, \
            `[::1]:9469`. See [metrics.md](metrics.md)
            """)
        ConfigurationKey(
            "expedite-rcu", \.expeditesRCU, .truth,
            """
            while 8 interfaces or more wait to be attached, has the kernel end RCU grace periods at once \
            (`/sys/kernel/rcu_expedited`), and writes back what was there, also when the daemon is killed: see \
            [performance.md](performance.md). `false` leaves the kernel alone
            """)
        ConfigurationKey(
            "detach-on-exit", \.detachesOnExit, .truth,
            flag: .truth("Detach the ports at the end; without it they go on counting"),
            "takes the programs off the ports at the end; else the kernel goes on counting")
    }
}

extension ConfigurationKeys {
    /// The keys' table of docs/configuration.md.
    package static var markdown: String { all.markdown(defaults: Configuration(flowLogID: "")) }

    /// The table of the keys of a sink's entry.
    package static var markdownOfSinks: String {
        SinkRule.keys.markdown(defaults: SinkRule(name: "", kind: .files))
    }

    /// The table of the keys of a network's entry.
    package static var markdownOfNetworks: String { NamedNetwork.keys.markdown(defaults: .blank) }

    /// The table of the keys of a port's entry.
    package static var markdownOfPorts: String {
        GlobPattern("*").map { PortRule.keys.markdown(defaults: PortRule(pattern: $0)) } ?? ""
    }
}
