// SPDX-License-Identifier: Apache-2.0

/// The hash of the line engine, from its definition in line_hash.bpf.h, and where a search begins and goes on.
struct LineHash {
    let seed: [UInt64]

    /// The 32-bit pieces of a key without its window, each word's lower half first.
    func callAsFunction(_ pieces: [UInt32]) -> UInt32 {
        precondition(pieces.count == 11 && seed.count == 11)
        func product(_ one: Int, _ other: Int, _ place: Int) -> UInt64 {
            (seed[place] &+ UInt64(pieces[one])) &* (seed[place + 1] &+ UInt64(pieces[other]))
        }
        // Source and destination by quarters, the ends, the link.
        var sum = product(0, 4, 0) &+ product(8, 9, 2) &+ seed[4] &* UInt64(pieces[10])
        let isIPv6 = pieces[10] >> 24 & 1 != 0
        if isIPv6 { sum &+= product(1, 5, 5) &+ product(2, 6, 7) &+ product(3, 7, 9) }
        return UInt32(((sum ^ sum >> 32) &* 0x9e37_79b9_7f4a_7c15) >> 32)
    }

    /// The pair where a search for it begins, of so many lines.
    func home(_ pieces: [UInt32], lines: Int) -> Int { Int((UInt64(self(pieces)) * UInt64(lines / 2)) >> 32) }

    /// The pieces of a replayed IPv4 flow's key: see `FrameForm.source(of:)` and `weir_flow_key`.
    static func pieces(ofReplayed flow: UInt32, port: UInt16) -> [UInt32] {
        let source = (0x0a00_0000 + flow >> 6).byteSwapped
        let ports = UInt32(UInt16(0x8000 | flow & 63).byteSwapped) | UInt32(UInt16(443).byteSwapped) << 16
        let (tcp, egress) = (UInt32(6) << 16, UInt32(0x02) << 24)
        return [source, 0, 0, 0, UInt32(0xc0a8_0001).byteSwapped, 0, 0, 0, ports, UInt32(port), tcp | egress]
    }

    /// The same of an IPv6 flow to 2001:db8::, whose last quarter is zero.
    static func pieces(ofReplayedToZero flow: UInt32, port: UInt16) -> [UInt32] {
        var pieces = pieces(ofReplayed: flow, port: port)
        let prefix = UInt32(0x2001_0db8).byteSwapped
        pieces.replaceSubrange(0..<8, with: [prefix, 0, 0, (flow >> 6).byteSwapped, prefix, 0, 0, 0])
        pieces[10] |= UInt32(0x01) << 24
        return pieces
    }
}

/// A CPU's table as it must fill: which line each new key gets.
struct LineModel {
    private var taken: [Bool]
    private(set) var probes = 0

    init(lines: Int) { taken = Array(repeating: false, count: lines) }

    /// The line, or nil where 64 probes find none.
    mutating func place(home: Int) -> Int? {
        var pair = home
        for step in 0..<64 {
            if step % 2 == 0 { pair = (pair + step / 2) % (taken.count / 2) }
            let line = pair * 2 + step % 2
            guard !taken[line] else { continue }
            taken[line] = true
            probes += step + 1
            return line
        }
        return nil
    }
}
