// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Frames of an attacker that wants datagrams to arrive that a policy denies: header chains (RFC 7112, 8200), fragments of all
/// kinds (RFC 791, 815), wrong lengths, tags, and what else hides a port from a filter and not from a receiver. The same frames for
/// the same seed.
package struct HostileFrames: Sendable {
    /// The sender and the receiver.
    package struct Ends: Sendable {
        package var sourceMAC: MACAddress
        package var destinationMAC: MACAddress
        package var source: (v4: IPAddress, v6: IPAddress)
        package var destination: (v4: IPAddress, v6: IPAddress)

        package init(
            sourceMAC: MACAddress, destinationMAC: MACAddress, source: (v4: IPAddress, v6: IPAddress),
            destination: (v4: IPAddress, v6: IPAddress)
        ) {
            self.sourceMAC = sourceMAC
            self.destinationMAC = destinationMAC
            self.source = source
            self.destination = destination
        }
    }

    /// One idea of the attacker: frames that are sent one after the other.
    package struct Attempt: Sendable {
        package var name: String
        package var frames: [[UInt8]]
    }

    private let ends: Ends
    private let allowed: UInt16
    private let denied: UInt16
    private var random: SplitMix64
    private var mutations: FrameGenerator
    private var identification: UInt32 = 0

    /// - Parameters:
    ///   - allowed: a UDP port that the policy allows.
    ///   - denied: one that it denies.
    package init(seed: UInt64, between ends: Ends, allowed: UInt16, denied: UInt16) {
        self.ends = ends
        self.allowed = allowed
        self.denied = denied
        random = SplitMix64(seed: seed)
        mutations = FrameGenerator(seed: seed, templates: Self.templates(ends, allowed, denied))
    }

    package mutating func next() -> Attempt {
        identification += 1
        return switch below(8) {
        case 0: chain()
        case 1: fragments()
        case 2: overlappingFragments()
        case 3: wrongLengths()
        case 4: tags()
        case 5: hiddenTransport()
        case 6: error()
        default: mutation()
        }
    }

    private mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &random) }
    private mutating func one<Value>(of values: [Value]) -> Value { values[below(values.count)] }
    private mutating func version() -> IPVersion { one(of: [.v4, .v6]) }
    /// Mostly what is denied.
    private mutating func port() -> UInt16 { below(5) == 0 ? allowed : denied }

    private var ethernet: Layer { .ethernet(from: ends.sourceMAC, to: ends.destinationMAC) }
    private func ethernet(_ type: UInt16) -> Layer {
        .ethernet(from: ends.sourceMAC, to: ends.destinationMAC, type: type)
    }
}

extension HostileFrames {
    /// Extension headers before the datagram, up to as many as fit.
    private mutating func chain() -> Attempt {
        let count = below(3) == 0 ? below(175) : below(14)
        var layers: [Layer] = [ethernet, .ipv6(from: ends.source.v6, to: ends.destination.v6)]
        for place in 0..<count { layers.append(extensionHeader(isFirst: place == 0)) }
        return Attempt(name: "\(count) extension headers", frames: [Frame(layers + [udp(to: port())]).bytes])
    }

    private mutating func extensionHeader(isFirst: Bool) -> Layer {
        switch below(isFirst ? 5 : 4) {
        case 0: .routing(length: 8)
        case 1: .fragment(id: identification)
        case 4: .hopByHop()
        default: .destinationOptions(length: 8)
        }
    }

    private func udp(to port: UInt16) -> Layer { .udp(from: 9, to: port) }

    /// The datagram in pieces of random length, in order, reversed or shuffled, with and without the first.
    private mutating func fragments() -> Attempt {
        let version = version()
        var datagram = wholeDatagram(version, to: port())
        if version == .v6, below(3) == 0 {
            // The first piece ends inside the chain that the datagram begins with (RFC 7112).
            datagram.payload = destinationOptions(next: 17) + datagram.payload
            datagram.next = NextHeader.destinationOptions
        }
        var pieces: [[UInt8]] = []
        var offset = 0
        while offset < datagram.payload.count {
            let length = min(8 * (1 + below(4)), datagram.payload.count - offset)
            pieces.append(piece(datagram, version, offset, length))
            offset += length
        }
        switch below(5) {
        case 0: pieces.reverse()
        case 1: pieces.shuffle(using: &random)
        case 2: pieces.removeFirst()
        case 3: pieces.append(pieces[0])
        default: break
        }
        return Attempt(name: "fragments, \(version)", frames: pieces)
    }

    /// Two first fragments of one datagram, to different ports, and a rest that belongs to both; overlaps (RFC 5722, RFC 3128).
    private mutating func overlappingFragments() -> Attempt {
        let version = version()
        let good = wholeDatagram(version, to: allowed)
        let bad = wholeDatagram(version, to: denied)
        let length = 8 * (1 + below(2))
        let rest = piece(bad, version, length, bad.payload.count - length)
        let first = (good: piece(good, version, 0, length), bad: piece(bad, version, 0, length))
        let again = piece(bad, version, 0, 8)
        let frames: [[UInt8]] =
            switch below(5) {
            case 0: [first.good, first.bad, rest]
            case 1: [first.bad, first.good, rest]
            case 2: [rest, first.good, first.bad]
            case 3: [first.good, again, rest]
            default: [first.good, piece(bad, version, 8, 8), rest, first.bad]
            }
        return Attempt(name: "overlapping fragments, \(version)", frames: frames)
    }

    private struct Datagram {
        var payload: [UInt8]
        var next: UInt8
    }

    /// A datagram of 48 bytes as it lies behind its IP header, with the right checksum.
    private func wholeDatagram(_ version: IPVersion, to port: UInt16) -> Datagram {
        let frame = Frame([ethernet, internet(version), udp(to: port), .payload(40)]).bytes
        return Datagram(payload: Array(frame.dropFirst(version == .v4 ? 34 : 54)), next: 17)
    }

    private func internet(_ version: IPVersion) -> Layer {
        version == .v4
            ? .ipv4(from: ends.source.v4, to: ends.destination.v4)
            : .ipv6(from: ends.source.v6, to: ends.destination.v6)
    }

    private func piece(_ datagram: Datagram, _ version: IPVersion, _ offset: Int, _ length: Int) -> [UInt8] {
        let more = offset + length < datagram.payload.count
        let bytes = Array(datagram.payload[offset..<offset + length])
        let layers: [Layer] =
            version == .v4
            ? [
                .ipv4(
                    from: ends.source.v4, to: ends.destination.v4, id: UInt16(truncatingIfNeeded: identification),
                    fragmentOffset: offset, moreFragments: more, protocol: datagram.next)
            ]
            : [
                .ipv6(from: ends.source.v6, to: ends.destination.v6),
                .fragment(offset: offset, more: more, id: identification, next: datagram.next),
            ]
        return Frame([ethernet] + layers + [.payload(bytes)]).bytes
    }

    /// One header of eight bytes, padding alone.
    private func destinationOptions(next: UInt8) -> [UInt8] { [next, 0, 1, 4, 0, 0, 0, 0] }
}

extension HostileFrames {
    private mutating func wrongLengths() -> Attempt {
        let port = port()
        let length = below(80)
        let layers: [Layer] =
            switch below(6) {
            case 0:
                [
                    .ipv4(from: ends.source.v4, to: ends.destination.v4, totalLength: length), udp(to: port),
                    .payload(20),
                ]
            case 1: [.ipv4(from: ends.source.v4, to: ends.destination.v4, ihl: below(16)), udp(to: port), .payload(60)]
            case 2:
                [
                    .ipv6(from: ends.source.v6, to: ends.destination.v6, payloadLength: length), udp(to: port),
                    .payload(20),
                ]
            case 3: [internet(version()), .udp(from: 9, to: port, length: length), .payload(20)]
            case 4: [.ipv4(from: ends.source.v4, to: ends.destination.v4, options: 4 * below(11)), udp(to: port)]
            default: [internet(version()), udp(to: port), .payload(10), .padding(to: 60 + below(60))]
            }
        return Attempt(name: "wrong lengths", frames: [Frame([ethernet] + layers).bytes])
    }

    /// Tags of VLAN 0, which a receiver takes off however many there are, among others.
    private mutating func tags() -> Attempt {
        let count = below(7)
        var layers = [ethernet]
        for _ in 0..<count { layers.append(below(4) == 0 ? .serviceVLAN(0) : .vlan(below(4) == 0 ? 5 : 0)) }
        if below(8) == 0 { layers = [ethernet(0x9100), .vlan(0)] }
        return Attempt(
            name: "\(count) tags", frames: [Frame(layers + [internet(version()), udp(to: port()), .payload(12)]).bytes])
    }

    /// A datagram in something else: tunnels, authentication, the wrong type, LLC.
    private mutating func hiddenTransport() -> Attempt {
        let version = version()
        let inner: [Layer] = [internet(version), udp(to: denied), .payload(8)]
        let layers: [Layer] =
            switch below(7) {
            case 0: [ethernet, internet(.v4)] + inner
            case 1: [ethernet, internet(.v6)] + inner
            case 2: [ethernet, internet(version), .authentication(length: 4 * (3 + below(8))), udp(to: port())]
            case 3: [ethernet(EtherType.ipv6), internet(.v4), udp(to: denied), .payload(30)]
            case 4: [ethernet(EtherType.ipv4), internet(.v6), udp(to: denied)]
            case 5: [ethernet(60), .payload([0xaa, 0xaa, 3, 0, 0, 0, 8, 0]), internet(.v4), udp(to: denied)]
            default: [ethernet, internet(version), .tcp(from: 9, to: denied, flags: [.syn])]
            }
        return Attempt(name: "a datagram in something else", frames: [Frame(layers).bytes])
    }

    /// ICMP, and errors that report what was never sent.
    private mutating func error() -> Attempt {
        let version = version()
        let type = UInt8(below(256))
        let reported = Array(wholeDatagram(version, to: port()).payload)
        let message: Layer = version == .v4 ? .icmp(type: type, code: 1) : .icmpv6(type: type, code: 1)
        return Attempt(
            name: "ICMP \(type), \(version)",
            frames: [Frame([ethernet, internet(version), message, .payload(reported)]).bytes])
    }

    private mutating func mutation() -> Attempt {
        let mutated = mutations.mutatedFrame()
        return Attempt(name: mutated.name, frames: [mutated.bytes])
    }

    private static func templates(_ ends: Ends, _ allowed: UInt16, _ denied: UInt16) -> [FrameCase] {
        let ethernet = Layer.ethernet(from: ends.sourceMAC, to: ends.destinationMAC)
        let internets: [(String, Layer)] = [
            ("IPv4", .ipv4(from: ends.source.v4, to: ends.destination.v4)),
            ("IPv6", .ipv6(from: ends.source.v6, to: ends.destination.v6)),
        ]
        return internets.flatMap { name, internet in
            [allowed, denied].map { port in
                FrameCase("\(name) to \(port)", ethernet, internet, .udp(from: 9, to: port), .payload(40))
            } + [
                FrameCase("\(name) with options", ethernet, internet, .udpLite(from: 9, to: denied), .payload(40))
            ]
        }
    }
}
