// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowModel
import TapService

// From a plan to what programs read (weir_copies.h).

extension weir_tap_port {
    /// - Parameter tunnelPort: UDP to it is not copied; in host order.
    init(_ uses: [TapUse], captures: [TapUse], tunnelPort: UInt16?) {
        self.init()
        count = UInt16(uses.count)
        self.captures = UInt16(captures.count)
        tunnel_port = tunnelPort?.bigEndian ?? 0
        unsafe withUnsafeMutableBytes(of: &self.uses) { unsafe Self.store(uses, $0) }
        unsafe withUnsafeMutableBytes(of: &self.capture) { unsafe Self.store(captures, $0) }
    }

    private static func store(_ uses: [TapUse], _ bytes: UnsafeMutableRawBufferPointer) {
        for (place, use) in uses.enumerated() {
            let entry = weir_tap_use(session: UInt16(use.session), account: UInt16(use.account))
            unsafe bytes.storeBytes(
                of: entry, toByteOffset: place * MemoryLayout<weir_tap_use>.stride, as: weir_tap_use.self)
        }
    }
}

extension weir_tap_session {
    /// Without its rules.
    init(_ session: TapSession, _ ways: TapWays) {
        self.init()
        switch session.destination {
        case .interface(let index):
            destination = UInt8(WEIR_TAP_TO_INTERFACE.rawValue)
            interface = index
        case .tunnel(let tunnel):
            destination = UInt8(WEIR_TAP_TO_TUNNEL.rawValue)
            // Of no interface, where there is no device: a copy fails then, and is counted.
            interface = ways.tunnelDevice ?? 0
            set(tunnel)
        case .ring(let place):
            destination = UInt8(WEIR_TAP_TO_RING.rawValue)
            interface = UInt32(place)
        }
        label = session.label
        length = UInt32(session.packetLength ?? 0)
        first_packets = session.firstPackets ?? 0
        first_octets = session.firstOctets ?? 0
        sample_rate = session.sampling?.rate ?? 0
        sample_flows = session.sampling?.isPerFlow == true ? 1 : 0
        if let vlans = session.vlans { set(vlans) }
    }

    private mutating func set(_ tunnel: TapTunnel) {
        vni = tunnel.vni
        is_ipv6 = tunnel.remote.version == .v6 ? 1 : 0
        type_of_service = tunnel.dscp << 2
        time_to_live = tunnel.timeToLive
        without_checksum = tunnel.hasChecksum ? 0 : 1
        longest = UInt32(tunnel.longestFrame ?? 0)
        oversize =
            switch tunnel.oversize {
            case .fragment: UInt8(WEIR_TAP_FRAGMENT.rawValue)
            case .cut: UInt8(WEIR_TAP_CUT.rawValue)
            case .refuse: UInt8(WEIR_TAP_REFUSE.rawValue)
            }
        let words = tunnel.remote.wireWords
        unsafe withUnsafeMutableBytes(of: &remote) { bytes in
            unsafe bytes.storeBytes(of: words.0, as: UInt64.self)
            unsafe bytes.storeBytes(of: words.1, toByteOffset: 8, as: UInt64.self)
        }
    }

    private mutating func set(_ vlans: Set<UInt16>) {
        has_vlans = 1
        unsafe withUnsafeMutableBytes(of: &self.vlans) { bytes in
            for id in vlans where id < 4096 {
                let place = Int(id) / 64 * 8
                let word = unsafe bytes.load(fromByteOffset: place, as: UInt64.self)
                unsafe bytes.storeBytes(of: word | 1 << UInt64(id % 64), toByteOffset: place, as: UInt64.self)
            }
        }
    }
}

extension weir_tap_rule {
    init(_ rule: TapRule) {
        self.init()
        var kinds: weir_tap_kinds.RawValue = rule.action == .accept ? WEIR_TAP_ACCEPTS.rawValue : 0
        number = rule.number
        if let transport = rule.transport {
            kinds |= WEIR_TAP_IP.rawValue | WEIR_TAP_PROTOCOL.rawValue
            self.`protocol` = transport
        }
        let source = rule.source.map { ($0.wireWords, $0.wireMask) }
        let destination = rule.destination.map { ($0.wireWords, $0.wireMask) }
        let none: (UInt64, UInt64) = (0, 0)
        let (from, to) = (source?.0 ?? none, destination?.0 ?? none)
        let (fromMask, toMask) = (source?.1 ?? none, destination?.1 ?? none)
        words = (from.0, from.1, to.0, to.1)
        masks = (fromMask.0, fromMask.1, toMask.0, toMask.1)
        if let version = (rule.source ?? rule.destination)?.address.version {
            kinds |= WEIR_TAP_IP.rawValue | (version == .v6 ? WEIR_TAP_IPV6.rawValue : WEIR_TAP_IPV4.rawValue)
        }
        if rule.sourcePorts != nil || rule.destinationPorts != nil {
            kinds |= WEIR_TAP_IP.rawValue | WEIR_TAP_PORTS.rawValue
            src_port = (rule.sourcePorts ?? 0...UInt16.max).ends
            dst_port = (rule.destinationPorts ?? 0...UInt16.max).ends
        }
        if let vlans = rule.vlans {
            kinds |= WEIR_TAP_VLAN.rawValue
            vlan = vlans.ends
        }
        if let flags = rule.flags {
            kinds |= WEIR_TAP_IP.rawValue | WEIR_TAP_PROTOCOL.rawValue | WEIR_TAP_FLAGS.rawValue
            // Of another transport it never matches: only TCP has flags.
            self.`protocol` = rule.transport ?? 6
            tcp_flags = flags.flags
            tcp_mask = flags.mask
        }
        switch rule.verdict {
        case .accept: kinds |= WEIR_TAP_IP.rawValue | WEIR_TAP_PASSED.rawValue
        case .reject: kinds |= WEIR_TAP_IP.rawValue | WEIR_TAP_REFUSED.rawValue
        case nil: break
        }
        self.kinds = UInt16(kinds)
    }
}

extension ClosedRange<UInt16> {
    fileprivate var ends: (UInt16, UInt16) { (lowerBound, upperBound) }
}

extension AddressPrefix {
    fileprivate var wireWords: (UInt64, UInt64) { address.wireWords }

    /// The bits that it compares.
    fileprivate var wireMask: (UInt64, UInt64) {
        switch address.version {
        case .v4: ((UInt64(UInt32.leadingOnes(length)) << 32).bigEndian, 0)
        case .v6: (UInt64.leadingOnes(length).bigEndian, UInt64.leadingOnes(length - 64).bigEndian)
        }
    }
}
