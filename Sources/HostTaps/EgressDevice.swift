// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host

/// The device by which copies leave the host: what it can carry, and what it carries.
struct EgressDevice {
    private let name: String
    private var last: (bytes: UInt64, time: MonotonicTime)?

    init(_ name: String) { self.name = name }

    /// Bytes a second; nil where the driver does not say.
    var capacity: UInt64? {
        guard let interface = try? NetworkInterface.named(name), let bits = interface.speed else { return nil }
        return bits / 8
    }

    /// Bytes that it has sent a second since the last call; nil where that is not known.
    mutating func rate(now: MonotonicTime) -> UInt64? {
        guard let bytes = sent else {
            last = nil
            return nil
        }
        defer { last = (bytes, now) }
        guard let last, bytes >= last.bytes, now > last.time else { return nil }
        let seconds = last.time.duration(to: now) / .seconds(1)
        return UInt64(Double(bytes - last.bytes) / seconds)
    }

    /// The ninth number of its line (proc(5), /proc/net/dev).
    private var sent: UInt64? {
        guard let text = try? ProcFile.read("/proc/thread-self/net/dev") else { return nil }
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].filter({ !$0.isWhitespace }) == name else { continue }
            let numbers = parts[1].split(separator: " ")
            return numbers.count > 8 ? UInt64(numbers[8]) : nil
        }
        return nil
    }
}
