// SPDX-License-Identifier: Apache-2.0

extension OpenVSwitch {
    /// How the switch reaches an interface, as its database has it.
    package enum PortType: Hashable, Sendable, CustomStringConvertible {
        /// By a packet socket: the kernel sees every frame.
        case system
        /// By a socket of AF_XDP.
        case afxdp(XDPMode)
        /// By DPDK's device net_af_xdp of that number.
        case dpdk(Int)

        package var description: String {
            switch self {
            case .system: "system"
            case .afxdp(let mode): "afxdp, \(mode.rawValue)"
            case .dpdk: "dpdk"
            }
        }
    }

    /// The values of `options:xdp-mode`.
    package enum XDPMode: String, Hashable, Sendable, CaseIterable {
        case native, generic
        case nativeWithZeroCopy = "native-with-zerocopy"
        case bestEffort = "best-effort"
    }

    /// The datapath, as `datapath_type` names it.
    package enum Datapath: String, Sendable, CustomStringConvertible {
        case userspace = "netdev"
        /// The kernel's module, which is not on every kernel that tests run on.
        case kernel = "system"

        package var description: String { rawValue }

        /// The one that most hosts of this kernel have.
        package static var usual: Datapath { KernelAccess.isSecondKernel ? .kernel : .userspace }
    }

    /// Makes a bridge. It forwards as a learning switch does.
    package func addBridge(_ name: String, on datapath: Datapath = .userspace) throws {
        try vsctl("add-br \(name) -- set bridge \(name) datapath_type=\(datapath.rawValue)")
    }

    /// Has the bridge use an interface, and waits until it does; throws where the switch cannot open it.
    ///
    /// An interface of a pair needs one queue here and at its peer for AF_XDP in native mode, as
    /// `NetworkNamespace.addPair` makes them. What is behind it must send complete checksums.
    ///
    /// - Parameter externalIDs: what says whose the port is, such as `iface-id`.
    package func addPort(
        _ interface: String, to bridge: String, as type: PortType = .system, externalIDs: [String: String] = [:]
    ) throws {
        try vsctl(["add-port", bridge, interface] + Self.settings(interface, type, externalIDs))
    }

    /// The words of `ovs-vsctl` that say what an interface is.
    package static func settings(
        _ interface: String, _ type: PortType, _ externalIDs: [String: String]
    ) -> [String] {
        var settings: [String] =
            switch type {
            case .system: []
            case .afxdp(let mode): ["type=afxdp", "options:n_rxq=1", "options:xdp-mode=\(mode.rawValue)"]
            case .dpdk(let device): ["type=dpdk", "options:dpdk-devargs=net_af_xdp\(device),iface=\(interface)"]
            }
        settings += externalIDs.sorted { $0.key < $1.key }.map { "external_ids:\($0)=\($1)" }
        return settings.isEmpty ? [] : ["--", "set", "interface", interface] + settings
    }

    package func deletePort(_ interface: String, from bridge: String) throws {
        try vsctl("del-port \(bridge) \(interface)")
    }

    /// What the database says of an interface in a column, as `ovs-vsctl get` prints it.
    package func get(_ column: String, of interface: String) throws -> String {
        try vsctl("get interface \(interface) \(column)").trimmingWhitespace
    }
}

extension String {
    fileprivate var trimmingWhitespace: String {
        String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}
