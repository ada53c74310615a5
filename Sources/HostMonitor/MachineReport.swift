// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// A machine, as libvirt knows it (`virConnectGetAllDomainStats`), from outside.
package struct MachineReport: ReportSection {
    /// `virDomainState`, whose numbers its cases have.
    package enum State: Int, CaseIterable, Codable, Sendable {
        case unknown, running, blocked, paused, shuttingDown, shutOff, crashed, suspended
    }

    /// libvirt's name of the machine: `instance-00000001`.
    package var domain = ""
    package var instanceID = ""
    package var instanceName: String?
    package var projectID: String?
    package var projectName: String?
    package var userID: String?
    package var userName: String?
    package var flavor: String?
    /// The number of `virDomainState`.
    package var state = 0
    /// When its figures were read, in Unix milliseconds.
    package var timeMilliseconds: Int64 = 0
    /// Whether its figures are old, because its hypervisor did not answer.
    package var isStale = false
    package var cpuSeconds = 0.0
    package var cpus: [VirtualCPU] = []
    /// 100 is one CPU.
    package var cpuPercent: Double?
    /// Time that its virtual CPUs could have run and did not; 100 is one CPU.
    package var stealPercent: Double?
    package var memory = MachineMemory()
    package var disks: [MachineDisk] = []
    package var interfaces: [MachineInterface] = []

    package init() {}

    package static let facts = [
        Fact<Self>("domain", \.domain, "libvirt's name of the machine."),
        Fact(
            "instance_id", \.instanceID, "Its UUID.",
            Metric(
                .gauge, "libvirt_domain_openstack_info", "1, with whose the machine is.",
                labels: [
                    "instance_name", "instance_id", "flavor_name", "user_name", "user_id", "project_name", "project_id",
                ]
            ) { machine in
                let labels = [
                    machine.instanceName, machine.instanceID, machine.flavor, machine.userName, machine.userID,
                    machine.projectName, machine.projectID,
                ]
                return [MetricSample(labels.map { $0 ?? "" }, 1)]
            }),
        Fact("instance_name", \.instanceName, "What its owner calls it."),
        Fact("project_id", \.projectID, "The id of its project."),
        Fact("project_name", \.projectName, "The name of its project."),
        Fact("user_id", \.userID, "The id of its owner."),
        Fact("user_name", \.userName, "The name of its owner."),
        Fact("flavor", \.flavor, "The kind of machine it is, as OpenStack calls it."),
        Fact(
            "state", \.state, "Its state, as libvirt numbers it: 1 running, 3 paused, 5 shut off.", .gauge,
            "libvirt_domain_info_state"),
        Fact("time_ms", \.timeMilliseconds, "When its figures were read, in Unix milliseconds."),
        Fact(
            "stale", \.isStale, "Whether its figures are old, because its hypervisor did not answer.", .gauge,
            "libvirt_domain_timed_out"),
        Fact(
            "cpu_seconds", \.cpuSeconds, "CPU time that it has used.",
            Metric(.counter, "libvirt_domain_info_cpu_time_seconds_total", "CPU time that it has used.") {
                $0.cpuSeconds
            },
            Metric(.gauge, "libvirt_domain_info_virtual_cpus", "Virtual CPUs that it has.") { $0.cpus.count },
            Metric(.gauge, "libvirt_domain_vcpu_current", "Virtual CPUs that it has.") { $0.cpus.count }),
        Fact(sections: "cpus", \.cpus, "Its virtual CPUs.", label: "vcpu", \.number),
        Fact("cpu_percent", \.cpuPercent, "CPU time that it uses; 100 is one CPU."),
        Fact("steal_percent", \.stealPercent, "Time that its CPUs wait for one of the host's; 100 is one CPU."),
        Fact(section: "memory", \.memory, "Its memory."),
        Fact(sections: "disks", \.disks, "Its disks.", label: "target_device", \.device),
        Fact(sections: "interfaces", \.interfaces, "Its interfaces.", label: "target_device", \.interface),
    ]
}

/// A virtual CPU.
package struct VirtualCPU: ReportSection {
    package var number = ""
    /// The number of `virVcpuState`: 0 offline, 1 running, 2 blocked.
    package var state = 0
    package var seconds = 0.0
    /// Time that it waited for input or output.
    package var waitSeconds: Double?
    /// Time that it waited for a CPU of the host.
    package var delaySeconds: Double?

    package init() {}

    package static let facts = [
        Fact<Self>("vcpu", \.number, "Its number, as text."),
        Fact(
            "state", \.state, "Its state, as libvirt numbers it: 0 offline, 1 running, 2 blocked.", .gauge,
            "libvirt_domain_vcpu_state"),
        Fact(
            "seconds", \.seconds, "CPU time that it has used.", .counter, "libvirt_domain_vcpu_time_seconds_total"),
        Fact(
            "wait_seconds", \.waitSeconds, "Time that it waited for input or output.", .counter,
            "libvirt_domain_vcpu_wait_seconds_total"),
        Fact(
            "delay_seconds", \.delaySeconds, "Time that it waited for a CPU of the host: steal.", .counter,
            "libvirt_domain_vcpu_delay_seconds_total"),
    ]
}

/// A machine's memory, in bytes. What the machine itself must tell is nil where it does not.
package struct MachineMemory: ReportSection {
    package var current: UInt64 = 0
    package var maximum: UInt64 = 0
    package var resident: UInt64?
    package var unused: UInt64?
    package var available: UInt64?
    package var usable: UInt64?
    package var swapIn: UInt64?
    package var swapOut: UInt64?
    package var diskCaches: UInt64?

    package init() {}

    package static let facts = [
        Fact<Self>(
            "current_bytes", \.current, "What it has now.", .gauge, "libvirt_domain_info_memory_usage_bytes"),
        Fact(
            "maximum_bytes", \.maximum, "What it may have at most.",
            Metric(.gauge, "libvirt_domain_info_maximum_memory_bytes", "Memory that it may have.") { $0.maximum },
            Metric(.gauge, "libvirt_domain_memory_stats_maximum_bytes", "Memory that it may have.") { $0.maximum }),
        Fact(
            "resident_bytes", \.resident, "What of it is in the host's memory.", .gauge,
            "libvirt_domain_memory_stats_rss_bytes"),
        Fact(
            "unused_bytes", \.unused, "What it does not use at all, as it says.", .gauge,
            "libvirt_domain_memory_stats_unused_bytes"),
        Fact(
            "available_bytes", \.available, "What it sees, as it says.", .gauge,
            "libvirt_domain_memory_stats_available_bytes"),
        Fact(
            "usable_bytes", \.usable, "What it could use without swapping, as it says.",
            Metric(
                .gauge, "libvirt_domain_memory_stats_usable_bytes", "Memory that it could use without swapping."
            ) { $0.usable },
            Metric(
                .gauge, "libvirt_domain_memory_stats_used_percent", "Memory that it uses, of what it sees."
            ) { $0.usedPercent }),
        Fact(
            "swap_in_bytes", \.swapIn, "What it has swapped in, as it says.", .gauge,
            "libvirt_domain_memory_stats_swap_in_bytes"),
        Fact(
            "swap_out_bytes", \.swapOut, "What it has swapped out, as it says.", .gauge,
            "libvirt_domain_memory_stats_swap_out_bytes"),
        Fact(
            "disk_cache_bytes", \.diskCaches, "What it keeps of files, as it says.", .gauge,
            "libvirt_domain_memory_stats_disk_cache_bytes"),
    ]

    /// Of what it sees, what it could not give to another program; nil where it says neither.
    package var usedPercent: Double? {
        guard let available, let usable, available > 0, usable <= available else { return nil }
        return Double(available - usable) / Double(available) * 100
    }
}

/// A disk of a machine.
package struct MachineDisk: ReportSection {
    package var device = ""
    package var path: String?
    package var traffic = DiskTraffic()
    package var flushRequests: UInt64 = 0
    package var capacity: UInt64?
    package var allocation: UInt64?
    package var physical: UInt64?

    package init() {}

    package static let facts =
        [
            Fact<Self>(
                "device", \.device, "What the machine calls it: `vda`.",
                Metric(.gauge, "libvirt_domain_block_stats_info", "1, for each disk.", labels: ["source_file"]) {
                    [MetricSample([$0.path ?? ""], 1)]
                },
                counter("read_bytes", "Bytes that were read.") { $0.readBytes },
                counter("read_requests", "Reads.") { $0.readRequests },
                counter("read_time_seconds", "Time that reads took, added up.") { $0.readSeconds },
                counter("write_bytes", "Bytes that were written.") { $0.writeBytes },
                counter("write_requests", "Writes.") { $0.writeRequests },
                counter("write_time_seconds", "Time that writes took, added up.") { $0.writeSeconds }),
            Fact("path", \.path, "The file or device of the host behind it."),
        ] + Fact.all(of: \.traffic) + [
            Fact(
                "flush_requests", \.flushRequests, "Flushes.", .counter,
                "libvirt_domain_block_stats_flush_requests_total"),
            Fact(
                "capacity_bytes", \.capacity, "Its size, as the machine sees it.", .gauge,
                "libvirt_domain_block_stats_capacity_bytes"),
            Fact(
                "allocation_bytes", \.allocation, "What of it is in use.", .gauge,
                "libvirt_domain_block_stats_allocation"),
            Fact(
                "physical_bytes", \.physical, "What it takes on the host.", .gauge,
                "libvirt_domain_block_stats_physicalsize_bytes"),
        ]

    private static func counter(
        _ name: String, _ help: String, _ value: @escaping @Sendable (DiskTraffic) -> any MetricNumber
    ) -> Metric<Self> {
        Metric(.counter, "libvirt_domain_block_stats_\(name)_total", help) { value($0.traffic) }
    }
}

/// An interface of a machine. `receive` is what the machine receives.
package struct MachineInterface: ReportSection {
    /// The name of the tap on the host.
    package var interface = ""
    /// The machine's own, as text; nil where it is not known.
    package var mac: String?
    package var traffic = InterfaceTraffic()

    package init() {}

    package static let facts =
        [
            Fact<Self>(
                "interface", \.interface, "The name of its tap on the host.",
                Metric(.gauge, "libvirt_domain_interface_stats_info", "1, for each interface.") { _ in 1 },
                counter("receive_bytes", "Bytes of the frames that it has received.") { $0.receiveBytes },
                counter("receive_packets", "Frames that it has received.") { $0.receivePackets },
                counter("receive_errors", "Errors of receiving.") { $0.receiveErrors },
                counter("receive_drops", "Frames to it that were dropped.") { $0.receiveDrops },
                counter("transmit_bytes", "Bytes of the frames that it has sent.") { $0.transmitBytes },
                counter("transmit_packets", "Frames that it has sent.") { $0.transmitPackets },
                counter("transmit_errors", "Errors of sending.") { $0.transmitErrors },
                counter("transmit_drops", "Frames from it that were dropped.") { $0.transmitDrops }),
            Fact("mac", \.mac, "Its MAC address, as the machine has it; left out where it is not known."),
        ] + Fact.all(of: \.traffic)

    private static func counter(
        _ name: String, _ help: String, _ value: @escaping @Sendable (InterfaceTraffic) -> any MetricNumber
    ) -> Metric<Self> {
        Metric(.counter, "libvirt_domain_interface_stats_\(name)_total", help) { value($0.traffic) }
    }
}
