// SPDX-License-Identifier: Apache-2.0

package import FlowTestKit

/// How packets are spread over flows.
package enum FlowDistribution: String, Codable, Sendable, CaseIterable {
    /// Every flow has as many packets as every other, in an order that nothing can foresee.
    case uniform
    /// The flow of rank r has a share in proportion to 1/r (Zipf's law with exponent 1).
    case zipf

    /// The flows of that many packets: numbers from 0 up to `flows`.
    package func sequence(packets: Int, flows: Int, using generator: inout SplitMix64) -> [UInt32] {
        switch self {
        case .uniform:
            var sequence = (0..<packets).map { UInt32($0 % flows) }
            sequence.shuffle(using: &generator)
            return sequence
        case .zipf:
            let law = ZipfLaw(ranks: flows)
            return (0..<packets).map { _ in UInt32(law.rank(using: &generator)) }
        }
    }
}
