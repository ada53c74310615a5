// SPDX-License-Identifier: Apache-2.0

/// The hash of the line engine, from its definition in line_hash.bpf.h, and where a search begins and goes on.
struct LineHash {
    let seed: [UInt64]

    /// The 32-bit pieces of a key without its window, each word's lower half first.
    func callAsFunction(_ pieces: [UInt32]) -> UInt32 {
        precondition(pieces.count == 11 && seed.count == 12)
        func piece(_ index: Int) -> UInt64 { seed[index] &+ (index < 11 ? UInt64(pieces[index]) : 0) }
        let sum = stride(from: 0, to: 12, by: 2).reduce(UInt64(0)) { $0 &+ piece($1) &* piece($1 + 1) }
        return UInt32(((sum ^ sum >> 32) &* 0x9e37_79b9_7f4a_7c15) >> 32)
    }

    /// The line where a search for it begins, of so many.
    func home(_ pieces: [UInt32], lines: Int) -> Int { Int((UInt64(self(pieces)) * UInt64(lines)) >> 32) }

    /// The pieces of a replayed IPv4 flow's key: see `FrameForm.source(of:)` and `weir_flow_key`.
    static func pieces(ofReplayed flow: UInt32, port: UInt16) -> [UInt32] {
        let source = (0x0a00_0000 + flow >> 6).byteSwapped
        let ports = UInt32(UInt16(0x8000 | flow & 63).byteSwapped) | UInt32(UInt16(443).byteSwapped) << 16
        let (tcp, egress) = (UInt32(6) << 16, UInt32(0x02) << 24)
        return [source, 0, 0, 0, UInt32(0xc0a8_0001).byteSwapped, 0, 0, 0, ports, UInt32(port), tcp | egress]
    }
}

/// A CPU's table as it must fill: which line each new key gets.
struct LineModel {
    private var taken: [Bool]
    private(set) var probes = 0

    init(lines: Int) { taken = Array(repeating: false, count: lines) }

    /// The line, or nil where 64 probes find none.
    mutating func place(home: Int) -> Int? {
        var at = home
        for step in 0..<64 {
            at = (at + step) % taken.count
            guard !taken[at] else { continue }
            taken[at] = true
            probes += step + 1
            return at
        }
        return nil
    }
}
