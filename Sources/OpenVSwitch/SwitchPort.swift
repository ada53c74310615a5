// SPDX-License-Identifier: Apache-2.0

package import FlowModel
package import PortDirectory

/// An interface as the database of Open vSwitch has it.
package struct SwitchPort: Equatable, Sendable {
    package var name: String
    package var bridge: String
    /// As the database has it; empty is `system`.
    package var type: String
    /// What the port is set to, such as `n_rxq` and `xdp-mode`.
    package var options: [String: String]
    /// What others have noted of it, such as `iface-id`.
    package var externalIDs: [String: String]
    /// Its number in OpenFlow; nil until the switch has opened it, and where it cannot.
    package var number: Int64?
    /// Why the switch cannot open it.
    package var error: String?
    /// Whether it is one of several that carry the same frames.
    package var isBonded: Bool

    package init(
        name: String, bridge: String, type: String = "", options: [String: String] = [:],
        externalIDs: [String: String] = [:], number: Int64? = nil, error: String? = nil, isBonded: Bool = false
    ) {
        self.name = name
        self.bridge = bridge
        self.type = type
        self.options = options
        self.externalIDs = externalIDs
        self.number = number
        self.error = error
        self.isBonded = isBonded
    }
}

extension SwitchPort {
    /// How frames get from the interface into the switch.
    ///
    /// nil where no interface of the kernel is behind it (DPDK), or none of a guest: the bridge's own, patches, tunnels.
    package var way: FrameWay? {
        switch type {
        case "", "system", "tap": .kernel
        case "afxdp", "afxdp-nonpmd": .afxdp(mode)
        default: nil
        }
    }

    /// As `options:xdp-mode` says.
    private var mode: FrameWay.Mode {
        switch options["xdp-mode"] {
        case "native", "native-with-zerocopy": .native
        case "generic": .generic
        // best-effort, which Open vSwitch has where none is set.
        default: .any
        }
    }

    /// Whether a guest is behind it.
    package enum Guest: Equatable, Sendable {
        /// Whoever made the port has said whose it is (`iface-id`).
        case yes
        /// If it is a tap or one end of a pair: its owner is not known, and hardware is an uplink.
        case ifVirtual
        case no
    }

    package var guest: Guest {
        guard way != nil else { return .no }
        if externalIDs["iface-id"] != nil { return .yes }
        return isBonded ? .no : .ifVirtual
    }

    /// The Ethernet address of the machine behind it, as the creator of the port noted it.
    package var attachedAddress: MACAddress? { externalIDs["attached-mac"].flatMap(MACAddress.init) }

    /// Whose it is, as far as it has been noted in words that can stand in a record.
    ///
    /// `iface-id` is the interface's. `vm-uuid` (OpenStack) or `vm-id` (libvirt) is the machine's; without them `iface-id`
    /// stands for it.
    package var identity: PortIdentity {
        func noted(_ key: String) -> String? {
            externalIDs[key].flatMap { PortIdentity.isIdentifier($0) ? $0 : nil }
        }
        let interface = noted("iface-id")
        return PortIdentity(interfaceID: interface, instanceID: noted("vm-uuid") ?? noted("vm-id") ?? interface)
    }
}
