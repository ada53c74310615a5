// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What the kernel says of one interface of a network namespace, by rtnetlink(7).
package enum InterfaceEvent: Equatable, Sendable {
    /// It is there, as that: it has come, it has changed, or it is listed.
    case present(InterfaceFacts)
    /// It was deleted, or has moved to another namespace.
    case gone(index: UInt32, destination: Destination?)

    /// Where an interface has moved to.
    package struct Destination: Equatable, Sendable {
        /// The other namespace's id in this one; nil where it has none.
        package var namespaceID: Int32?
        /// Its index there, where the kernel says it.
        package var index: UInt32?

        package init(namespaceID: Int32? = nil, index: UInt32? = nil) {
            self.namespaceID = namespaceID
            self.index = index
        }
    }

    /// The interface that it is about.
    package var index: UInt32 {
        switch self {
        case .present(let facts): facts.interface.index
        case .gone(let index, _): index
        }
    }
}

/// An interface as the kernel describes it.
package struct InterfaceFacts: Equatable, Sendable {
    package var interface: NetworkInterface
    /// ARPHRD_* of linux/if_arp.h.
    package var hardwareType: UInt16
    /// IFF_* of linux/if.h.
    package var flags: UInt32
    /// The Ethernet address, where it has one.
    package var address: MACAddress?
    /// The kind of virtual device ("veth", "tun", "bridge" …); nil for hardware.
    package var kind: String?
    /// The interface that it is a port of, such as a bridge's.
    package var master: UInt32?
    /// Of a tap: the user and the group that may open it, besides root; nil where there is none.
    package var owner: UInt32?
    package var group: UInt32?

    package init(interface: NetworkInterface, hardwareType: UInt16, flags: UInt32) {
        self.interface = interface
        self.hardwareType = hardwareType
        self.flags = flags
    }
}
