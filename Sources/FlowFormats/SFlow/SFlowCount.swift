// SPDX-License-Identifier: Apache-2.0

/// How sFlow writes what is not known: a counter as all ones, a gauge as 0 (sflow_version_5.txt, 5).
extension XDRBytes {
    /// A counter of 32 bits, which goes on from 0 after its largest value.
    package mutating func append(counter value: UInt64?) {
        append(value.map { UInt32(truncatingIfNeeded: $0) } ?? UInt32.max)
    }

    /// A counter of 64 bits.
    package mutating func append(wideCounter value: UInt64?) { append(value ?? UInt64.max) }

    /// A counter of milliseconds in 32 bits, of seconds.
    package mutating func append(milliseconds seconds: Double?) {
        append(counter: seconds.map { UInt64(clamping: Int64(max(0, min($0 * 1000, 9e18)).rounded())) })
    }

    /// A gauge of 32 bits: its largest value where it is larger.
    package mutating func append(gauge value: UInt64?) { append(UInt32(clamping: value ?? 0)) }

    /// A gauge of 64 bits.
    package mutating func append(wideGauge value: UInt64?) { append(value ?? 0) }
}
