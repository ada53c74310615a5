// SPDX-License-Identifier: Apache-2.0

package import Reporting

/// What programs sample at ports at this moment: what the daemon answers to `GET /sampling`.
package struct SamplingReport: ReportSection {
    package var ports: [SampledPort] = []

    package init() {}

    package static let facts = [
        Fact<Self>(sections: "ports", \.ports, "The ports that are sampled.", label: "port", \.interface)
    ]
}

/// A port that is sampled. Counts are of packets on the wire, since its sampling began.
package struct SampledPort: ReportSection {
    package var interface = ""
    package var number = 0
    package var index = 0
    package var role = ""
    package var rate: UInt32 = 0
    package var pool: UInt64 = 0
    package var samples: UInt64 = 0
    package var lost: UInt64 = 0
    package var discards: UInt64 = 0
    package var withheld: UInt64 = 0

    package init() {}

    package static let facts = [
        Fact<Self>("interface", \.interface, "The name of the interface."),
        Fact("number", \.number, "The number of the port."),
        Fact("index", \.index, "The kernel's index of the interface."),
        Fact("role", \.role, "`guest` where a machine is behind the port, `uplink` where the world is."),
        Fact(
            "rate", \.rate, "One packet of so many is sampled; 0: none.",
            Metric(.gauge, "weir_port_sampling_rate", "One packet of so many is sampled; 0: none.") { Int($0.rate) }),
        Fact(
            "pool", \.pool, "Packets that could have been sampled.", .counter, "weir_port_sample_pool_packets_total"),
        Fact("samples", \.samples, "Packets that were sampled.", .counter, "weir_port_samples_total"),
        Fact(
            "lost", \.lost, "Of these, packets that the ring had no room for.", .counter,
            "weir_port_lost_samples_total"),
        Fact(
            "discards", \.discards, "Packets that the policy has dropped and that were handed on.", .counter,
            "weir_port_discards_total"),
        Fact(
            "withheld", \.withheld,
            "Packets that the policy has dropped and that were not handed on, for their number or for want of room.",
            .counter, "weir_port_withheld_discards_total"),
    ]
}
