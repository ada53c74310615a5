// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// The host and its machines at one moment: what the daemon answers to `GET /monitor`, and what `weir vm`, the page for Prometheus and the sinks
/// of state read.
///
/// Counters are as their source has them, since it began to count; rates are of the last interval, and are left out until there are two readings.
package struct MonitorReport: ReportSection {
    /// When it was put together, in Unix milliseconds.
    package var timeMilliseconds: Int64 = 0
    /// How often figures are read.
    package var intervalSeconds = 0.0
    package var host = HostReport()
    package var machines: [MachineReport] = []
    package var ports: [MonitoredPort] = []
    /// Why there are no figures of machines, or old ones; nil while all is well.
    package var failure: String?

    package init() {}

    package static let facts = [
        Fact<Self>("time_ms", \.timeMilliseconds, "When it was put together, in Unix milliseconds."),
        Fact("interval_seconds", \.intervalSeconds, "How often figures are read."),
        Fact(section: "host", \.host, "The host."),
        Fact(
            sections: "machines", \.machines, "The machines that run or are known to libvirt.", label: "domain",
            \.domain),
        Fact(sections: "ports", \.ports, "The ports that Weir measures.", label: "port", \.interface),
        Fact("failure", \.failure, "Why figures of machines are missing or old; left out while all is well."),
    ]
}

/// What Weir counts at a port since it was attached, and whose port it is.
package struct MonitoredPort: ReportSection {
    package var interface = ""
    /// The kernel's index of the interface; nil where it is gone.
    package var index: Int?
    /// `guest` or `uplink`.
    package var role = ""
    package var instanceID: String?
    package var instanceName: String?
    package var projectID: String?
    package var projectName: String?
    /// Sent by the machine.
    package var egress = PortTraffic()
    /// Sent to the machine.
    package var ingress = PortTraffic()

    package init() {}

    package static let facts = [
        Fact<Self>(
            "interface", \.interface, "The name of the interface.",
            Metric(
                .gauge, "weir_port_info", "1, with whose the port is.",
                note: "To be joined with other metrics by `port`.",
                labels: ["role", "instance_id", "instance_name", "project_id", "project_name"]
            ) { port in
                let labels = [port.instanceID, port.instanceName, port.projectID, port.projectName]
                return [MetricSample([port.role] + labels.map { $0 ?? "" }, 1)]
            }),
        Fact("index", \.index, "The kernel's index of the interface; left out where it is gone."),
        Fact("role", \.role, "`guest` where a machine is behind the port, `uplink` where the world is."),
        Fact("instance_id", \.instanceID, "The machine's id."),
        Fact("instance_name", \.instanceName, "The machine's name."),
        Fact("project_id", \.projectID, "The id of its project."),
        Fact("project_name", \.projectName, "The name of its project."),
        Fact(section: "egress", \.egress, "What the machine has sent; on an uplink, what the host has."),
        Fact(section: "ingress", \.ingress, "What was sent to the machine; on an uplink, what has come in."),
    ]
}

/// One direction of a port.
package struct PortTraffic: ReportSection {
    /// Of all that was seen, in packets on the wire.
    package var packets: UInt64 = 0
    /// Of them, from the IP header on; of what is not IP, the whole frame.
    package var bytes: UInt64 = 0
    /// Of them, what an enforced policy has dropped: those of flows in windows that are stored, since the daemon started.
    package var refusedPackets: UInt64 = 0
    package var packetsPerSecond: Double?
    package var bytesPerSecond: Double?

    package init() {}

    package static let facts = [
        Fact<Self>("packets", \.packets, "Packets on the wire that were seen."),
        Fact("bytes", \.bytes, "Their bytes from the IP header on; of what is not IP, as the port's totals have them."),
        Fact(
            "refused_packets", \.refusedPackets,
            "Of them, what an enforced policy has dropped, of flows since the daemon started, up to the last window that is stored."
        ),
        Fact("packets_per_second", \.packetsPerSecond, "Their rate."),
        Fact("bytes_per_second", \.bytesPerSecond, "The rate of bytes."),
    ]
}
