// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// What a directory says of an interface. What is nil or empty it does not say, and the next directory may.
package struct PortFacts: Equatable, Sendable {
    /// Whether an interface is to be measured.
    package enum Measuring: Equatable, Sendable {
        /// It is measured, and stays so as long as the interface exists, even if the directory says otherwise later.
        case always
        /// It is not, whatever the other directories say.
        case never
        /// It is, while the directory says so.
        case whileListed
        /// The same, if it is a tap or one end of a pair: the directory does not know whether a guest is behind it.
        case whileListedIfVirtual
    }

    /// Whose it is.
    package var identity: PortIdentity
    /// The Ethernet address of the machine behind it.
    package var address: MACAddress?
    /// The IP addresses of the machine behind it.
    package var addresses: [IPAddress]
    /// By which a policy can name it.
    package var tags: [String]
    package var measuring: Measuring?
    /// How its frames reach a switch.
    package var way: FrameWay?
    /// Whether the switch is about to open the interface that way: a program that came at that moment would keep it from that.
    package var isOpening: Bool

    package init(
        identity: PortIdentity = PortIdentity(), address: MACAddress? = nil, addresses: [IPAddress] = [],
        tags: [String] = [], measuring: Measuring? = nil, way: FrameWay? = nil, isOpening: Bool = false
    ) {
        self.identity = identity
        self.address = address
        self.addresses = addresses
        self.tags = tags
        self.measuring = measuring
        self.way = way
        self.isOpening = isOpening
    }

    /// These, and what they leave open as the others say.
    package func completed(by others: PortFacts) -> PortFacts {
        PortFacts(
            identity: identity.completed(by: others.identity), address: address ?? others.address,
            addresses: addresses.isEmpty ? others.addresses : addresses, tags: tags.isEmpty ? others.tags : tags,
            measuring: measuring ?? others.measuring, way: way ?? others.way,
            isOpening: way == nil ? others.isOpening : isOpening)
    }
}

extension PortIdentity {
    /// This one, and what it leaves open as the other says.
    package func completed(by other: PortIdentity) -> PortIdentity {
        PortIdentity(
            accountID: accountID ?? other.accountID, interfaceID: interfaceID ?? other.interfaceID,
            vpcID: vpcID ?? other.vpcID, subnetID: subnetID ?? other.subnetID,
            instanceID: instanceID ?? other.instanceID, region: region ?? other.region,
            availabilityZoneID: availabilityZoneID ?? other.availabilityZoneID,
            sublocationType: sublocationType ?? other.sublocationType,
            sublocationID: sublocationID ?? other.sublocationID, instanceName: instanceName ?? other.instanceName,
            projectID: projectID ?? other.projectID, projectName: projectName ?? other.projectName)
    }
}

/// How frames get from an interface into a switch.
package enum FrameWay: Hashable, Sendable, Codable {
    /// Through the kernel, by a packet socket or the kernel's datapath.
    case kernel
    /// Past the kernel, by a socket of AF_XDP.
    case afxdp(Mode)

    /// How the switch wants XDP to run on the interface.
    package enum Mode: String, Hashable, Sendable, Codable {
        case native, generic
        /// Whichever it can; it follows a program that is there already.
        case any
    }
}
