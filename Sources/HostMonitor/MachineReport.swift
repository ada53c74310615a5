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
        Fact("instance_id", \.instanceID, "Its UUID."),
        Fact("instance_name", \.instanceName, "What its owner calls it."),
        Fact("project_id", \.projectID, "The id of its project."),
        Fact("project_name", \.projectName, "The name of its project."),
        Fact("user_id", \.userID, "The id of its owner."),
        Fact("user_name", \.userName, "The name of its owner."),
        Fact("flavor", \.flavor, "The kind of machine it is, as OpenStack calls it."),
        Fact("state", \.state, "Its state, as libvirt numbers it: 1 running, 3 paused, 5 shut off."),
        Fact("time_ms", \.timeMilliseconds, "When its figures were read, in Unix milliseconds."),
        Fact("stale", \.isStale, "Whether its figures are old, because its hypervisor did not answer."),
        Fact("cpu_seconds", \.cpuSeconds, "CPU time that it has used."),
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
        Fact("state", \.state, "Its state, as libvirt numbers it: 0 offline, 1 running, 2 blocked."),
        Fact("seconds", \.seconds, "CPU time that it has used."),
        Fact("wait_seconds", \.waitSeconds, "Time that it waited for input or output."),
        Fact("delay_seconds", \.delaySeconds, "Time that it waited for a CPU of the host: steal."),
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
        Fact<Self>("current_bytes", \.current, "What it has now."),
        Fact("maximum_bytes", \.maximum, "What it may have at most."),
        Fact("resident_bytes", \.resident, "What of it is in the host's memory."),
        Fact("unused_bytes", \.unused, "What it does not use at all, as it says."),
        Fact("available_bytes", \.available, "What it sees, as it says."),
        Fact("usable_bytes", \.usable, "What it could use without swapping, as it says."),
        Fact("swap_in_bytes", \.swapIn, "What it has swapped in, as it says."),
        Fact("swap_out_bytes", \.swapOut, "What it has swapped out, as it says."),
        Fact("disk_cache_bytes", \.diskCaches, "What it keeps of files, as it says."),
    ]
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
            Fact<Self>("device", \.device, "What the machine calls it: `vda`."),
            Fact("path", \.path, "The file or device of the host behind it."),
        ] + Fact.all(of: \.traffic) + [
            Fact("flush_requests", \.flushRequests, "Flushes."),
            Fact("capacity_bytes", \.capacity, "Its size, as the machine sees it."),
            Fact("allocation_bytes", \.allocation, "What of it is in use."),
            Fact("physical_bytes", \.physical, "What it takes on the host."),
        ]
}

/// An interface of a machine. `receive` is what the machine receives.
package struct MachineInterface: ReportSection {
    /// The name of the tap on the host.
    package var interface = ""
    package var traffic = InterfaceTraffic()

    package init() {}

    package static let facts =
        [Fact<Self>("interface", \.interface, "The name of its tap on the host.")] + Fact.all(of: \.traffic)
}
