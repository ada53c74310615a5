// SPDX-License-Identifier: Apache-2.0

/// Where a program sits on a port.
package enum Hook: UInt8, Sendable {
    case none = 0
    /// A bpf_link of kernel 6.6 and later.
    case tcx = 1
    /// A filter of the clsact qdisc, before that.
    case clsact = 2
    case xdp = 3
    /// XDP in front of an AF_XDP socket.
    case xsk = 4
    /// Nothing sees that direction at the port.
    case unobserved = 5
    /// Where the kernel hands a frame to the port past its qdisc, as it does what a switch sends through AF_XDP.
    case fentry = 6
    /// XDP, called by libxdp's dispatcher among the programs of others.
    case xdpDispatched = 7

    package var name: String {
        switch self {
        case .none: "none"
        case .tcx: "tcx"
        case .clsact: "clsact"
        case .xdp: "xdp"
        case .xsk: "xsk"
        case .unobserved: "unobserved"
        case .fentry: "fentry"
        case .xdpDispatched: "xdp_dispatcher"
        }
    }
}
