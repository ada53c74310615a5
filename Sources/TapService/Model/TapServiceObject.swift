// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A destination of copies: a port of this host, or a VXLAN tunnel to another one. A port can have copies from other hosts, too.
package struct TapServiceObject: TapObject {
    package static let noun = "tap service"

    package let id: String
    package var name = ""
    package var description = ""
    package var projectID: String?
    /// The interface's name.
    package var portID: String?
    package var remoteIP: String?
    package var vni: UInt32?
    /// Hosts whose copies with that VNI go to the port; nil: of none.
    package var peers: [String]?
    package var dscp: UInt8?
    package var timeToLive: UInt8?
    package var hasUDPChecksum: Bool?
    /// Of the path: bytes of an outer IP packet that goes through whole; nil: not known.
    package var mtu: Int?
    /// What becomes of a frame that does not fit it.
    package var oversize: TapTunnel.Oversize?
    /// What the destination takes; promises of tap flows must not exceed it together.
    package var mostPacketsPerSecond: UInt64?
    package var mostBitsPerSecond: UInt64?
    package var allowsCrossAccount = false
    package let created: TapOwner
    package var updated: TapOwner?

    package init(id: String, created: TapOwner) {
        self.id = id
        self.created = created
    }

    private enum CodingKeys: String, CodingKey {
        case id, name, description, vni, peers, dscp, mtu, oversize, created, updated
        case projectID = "project_id"
        case portID = "port_id"
        case remoteIP = "remote_ip"
        case timeToLive = "ttl"
        case hasUDPChecksum = "udp_checksum"
        case mostPacketsPerSecond = "max_packets_per_second"
        case mostBitsPerSecond = "max_bits_per_second"
        case allowsCrossAccount = "allow_cross_account"
    }

    package mutating func take(_ fields: inout TapFields) throws(TapError) {
        try fields.take("name", into: &name, .name)
        try fields.take("description", into: &description, .description)
        try fields.take("project_id", "project", into: &projectID, .name)
        try fields.take("port_id", "port", into: &portID, .interface)
        try fields.take("remote_ip", into: &remoteIP, .remoteAddress)
        try fields.take("vni", "virtual_network_id", into: &vni, .vni)
        try fields.take("peers", "peer", into: &peers, .remoteAddresses)
        try fields.take("dscp", into: &dscp, .number(0...63))
        try fields.take("ttl", into: &timeToLive, .number(1...255))
        try fields.take("udp_checksum", into: &hasUDPChecksum, .truth)
        try fields.take("mtu", into: &mtu, .number(576...65_535))
        try fields.take("oversize", into: &oversize, .word)
        try fields.take("max_packets_per_second", into: &mostPacketsPerSecond, .rate)
        try fields.take("max_bits_per_second", into: &mostBitsPerSecond, .bitRate)
        try fields.take("allow_cross_account", into: &allowsCrossAccount, .truth)
    }

    package func check() throws(TapError) {
        if name.isEmpty { throw TapError(.wrong, "a tap service needs a name (--name)") }
        switch (portID, remoteIP) {
        case (nil, nil):
            throw TapError(
                .wrong,
                "\(title) has no destination: name a port of this host (--port) or another host's address (--remote-ip)"
            )
        case (_?, _?):
            throw TapError(
                .wrong, "\(title) has two destinations: name a port (--port) or an address (--remote-ip), not both")
        case (_?, nil):
            guard (vni == nil) == (peers == nil) else {
                throw TapError(
                    .wrong,
                    "\(title) needs both to get copies from other hosts: the VNI that they send with (--vni) and who they are (--peer)"
                )
            }
            let tunnel = [
                dscp.map { _ in "dscp" }, timeToLive.map { _ in "ttl" },
                hasUDPChecksum.map { _ in "udp_checksum" }, mtu.map { _ in "mtu" }, oversize.map { _ in "oversize" },
            ].compactMap(\.self)
            if let field = tunnel.first {
                throw TapError(
                    .wrong,
                    "\(field) of \(title) has a meaning only with --remote-ip: copies to a port have no outer header")
            }
        case (nil, let address?):
            if peers != nil {
                throw TapError(
                    .wrong, "\(title) is on another host: say there who may send to it (--peer), with the port")
            }
            if oversize != nil, mtu == nil {
                throw TapError(
                    .wrong, "\(title) says what becomes of frames that do not fit: say the path's MTU, too (--mtu)")
            }
            if oversize == .fragment, remote?.version == .v6 {
                throw TapError(
                    .wrong,
                    "\(title) cannot get fragments: the kernel sends none of tunnels over IPv6; say cut or refuse (--oversize)"
                )
            }
            guard vni != nil else {
                throw TapError(.wrong, "\(title) needs a VNI (--vni) for the tunnel to \(address)")
            }
        }
    }
}

extension TapServiceObject {
    package var remote: IPAddress? { remoteIP.flatMap { IPAddress($0) } }

    /// - Parameters:
    ///   - vni: in the place of the service's own.
    ///   - dscp: where the service says nothing.
    package func tunnel(vni other: UInt32? = nil, dscp usual: UInt8) -> TapTunnel? {
        guard let remote, let vni = other ?? vni else { return nil }
        var tunnel = TapTunnel(to: remote, vni: vni)
        tunnel.dscp = dscp ?? usual
        tunnel.timeToLive = timeToLive ?? tunnel.timeToLive
        tunnel.hasChecksum = hasUDPChecksum ?? tunnel.hasChecksum
        tunnel.setPath(mtu: mtu, oversize)
        return tunnel
    }
}

extension TapTunnel {
    /// The kernel sends outer packets over IPv6 in one piece or not at all (`ip6_fragment` in net/ipv6/ip6_output.c), and the program that copies
    /// does not hear of it. So a path that is not known is taken for Ethernet's there.
    mutating func setPath(mtu: Int?, _ oversize: Oversize?) {
        let isIPv6 = remote.version == .v6
        let mtu = mtu ?? (isIPv6 ? 1500 : nil)
        // Outer headers of IP, UDP and VXLAN (RFC 7348): 36 bytes, over IPv6 56.
        longestFrame = mtu.map { $0 - (isIPv6 ? 56 : 36) }
        self.oversize = oversize ?? (isIPv6 ? .cut : .fragment)
    }
}

extension TapReader<String> {
    /// Of the other end of a tunnel.
    static var remoteAddress: Self {
        .text("the IP address of another host") { text in
            guard let address = IPAddress(text), address.isUnicastHost else { return nil }
            return "\(address)"
        }
    }
}

extension TapReader<[String]> {
    /// Texts in a list, or in one text with commas between them.
    static var remoteAddresses: Self {
        Self("the IP addresses of other hosts, at most 256") { value in
            let texts: [TapJSON] =
                switch value {
                case .list(let list): list
                case .text(let text): text.split(separator: ",").map { .text(String($0)) }
                default: []
                }
            let addresses = texts.map { TapReader<String>.remoteAddress.read($0) }
            let known = addresses.compactMap(\.self)
            return known.isEmpty || known.count > 256 || known.count < addresses.count ? nil : known
        }
    }
}

extension TapReader<UInt32> {
    static var vni: Self { .number(1...(1 << 24) - 1) }
}

extension TapReader<UInt64> {
    static var rate: Self { .number(1...1_000_000_000) }
    /// Below 8 bits a second no octet would pass.
    static var bitRate: Self { .number(8...10_000_000_000_000) }
}

extension IPAddress {
    /// Neither unspecified, nor loopback, nor multicast, nor broadcast.
    fileprivate var isUnicastHost: Bool {
        switch version {
        case .v4: low >> 24 != 0 && low >> 24 != 127 && low >> 24 < 224
        case .v6: !(high == 0 && low <= 1) && high >> 56 != 0xFF && !isMappedV4
        }
    }
}

extension TapTunnel.Oversize: Codable {}
