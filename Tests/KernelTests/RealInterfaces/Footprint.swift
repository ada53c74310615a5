// SPDX-License-Identifier: Apache-2.0

import FlowTestKit

/// All that attaching could change of an interface, as ip, tc, ethtool and bpftool show it.
struct Footprint: Equatable {
    private let link: String
    private let qdiscs: String
    private let features: String
    private let programs: String

    init(_ interface: String, in namespace: NetworkNamespace) throws {
        link = try namespace.ip("-d link show \(interface)")
        qdiscs = try namespace.run(["tc", "qdisc", "show", "dev", interface])
        features = try namespace.run(["ethtool", "-k", interface])
        programs = try namespace.run(["bpftool", "net", "show", "dev", interface])
    }
}
