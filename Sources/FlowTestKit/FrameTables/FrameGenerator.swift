// SPDX-License-Identifier: Apache-2.0

/// Random frames; the same ones for the same seed.
package struct FrameGenerator: Sendable {
    private var random: SplitMix64
    private let templates: [FrameCase]

    package init(seed: UInt64, templates: [FrameCase] = FrameTable.all) {
        random = SplitMix64(seed: seed)
        self.templates = templates
    }

    /// A frame of random bytes, IP by its type half of the time.
    package mutating func randomFrame() -> [UInt8] {
        var bytes = (0..<Int.random(in: 14...200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random)
        }
        let types = [EtherType.ipv4, EtherType.ipv6, EtherType.customerTag, EtherType.serviceTag]
        if let type = types.randomElement(using: &random), Bool.random(using: &random) {
            bytes.write(big: type, at: 12)
            if bytes.count > 14, type == EtherType.ipv4 { bytes[14] = 0x40 | bytes[14] & 0xf }
            if bytes.count > 14, type == EtherType.ipv6 { bytes[14] = 0x60 | bytes[14] & 0xf }
        }
        return bytes
    }

    /// A frame of the tables with one to four faults, each a changed byte or another length.
    package mutating func mutatedFrame() -> FrameCase {
        guard let template = templates.randomElement(using: &random) else { preconditionFailure("no templates") }
        var bytes = template.bytes
        var faults: [String] = []
        for _ in 0..<Int.random(in: 1...4, using: &random) { faults.append(mutate(&bytes)) }
        return FrameCase("\(template.name): " + faults.joined(separator: ", "), bytes)
    }

    private mutating func mutate(_ bytes: inout [UInt8]) -> String {
        guard !bytes.isEmpty else { return "empty" }
        switch Int.random(in: 0..<8, using: &random) {
        case 0:
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            return "cut to \(bytes.count)"
        case 1:
            bytes += (0..<Int.random(in: 1...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            return "grown to \(bytes.count)"
        default:
            return mutateByte(&bytes)
        }
    }

    /// Mostly in the headers, and there mostly by little: lengths that are off by one, neighbouring protocols.
    private mutating func mutateByte(_ bytes: inout [UInt8]) -> String {
        let headersEnd = min(bytes.count, 100)
        let index = Int.random(in: min(12, headersEnd - 1)..<headersEnd, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[index] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &random)
        case 2: bytes[index] &+= 1
        default: bytes[index] &-= 1
        }
        return "byte \(index) is \(bytes[index])"
    }
}
