// SPDX-License-Identifier: Apache-2.0

/// How a capacity is shared among those that want some of it.
package enum TapShares {
    /// Max-min fair (Bertsekas and Gallager, Data Networks, §6.5.2): no session has more than it wants while another has less and wants more.
    ///
    /// - Returns: in the order of the demands; the sum is the capacity, or that of all demands where it is smaller.
    package static func maxMin(_ capacity: UInt64, among demands: [UInt64]) -> [UInt64] {
        var shares = [UInt64](repeating: 0, count: demands.count)
        var rest = capacity
        var left = UInt64(demands.count)
        for index in demands.indices.sorted(by: { (demands[$0], $0) < (demands[$1], $1) }) {
            shares[index] = min(demands[index], rest / left)
            rest -= shares[index]
            left -= 1
        }
        return shares
    }

    /// The same, and what no session wants is shared equally: a session that begins to copy finds room before its demand is known.
    ///
    /// An idle one counts for a tenth of an equal share, so that it never finds nothing. The sum is at most the capacity.
    package static func withRoom(_ capacity: UInt64, among demands: [UInt64]) -> [UInt64] {
        guard !demands.isEmpty else { return [] }
        let count = UInt64(demands.count)
        let least = capacity / count / 10
        let shares = maxMin(capacity, among: demands.map { max($0, least) })
        let spare = (capacity - shares.reduce(0, +)) / count
        return shares.map { $0 + spare }
    }
}
