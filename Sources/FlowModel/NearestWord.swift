// SPDX-License-Identifier: Apache-2.0

/// The known word that a writer most likely meant, or nil if none is near: at most a third of its letters may differ.
package func nearestWord(to word: String, among known: [String]) -> String? {
    let spelt = word.lowercased().replacing("_", with: "-")
    let nearest = known.map { (word: $0, distance: editDistance(spelt, $0)) }.min { $0.distance < $1.distance }
    guard let nearest, nearest.distance <= max(1, nearest.word.count / 3) else { return nil }
    return nearest.word
}

/// The least number of letters to put in, take out, replace or swap with their neighbour (optimal string alignment).
package func editDistance(_ left: String, _ right: String) -> Int {
    let left = Array(left)
    let right = Array(right)
    var rows = [Array(0...right.count)]
    for (i, letter) in left.enumerated() {
        var row = [i + 1]
        for (j, other) in right.enumerated() {
            var cost = min(row[j] + 1, rows[i][j + 1] + 1, rows[i][j] + (letter == other ? 0 : 1))
            if i > 0, j > 0, letter == right[j - 1], left[i - 1] == other { cost = min(cost, rows[i - 1][j - 1] + 1) }
            row.append(cost)
        }
        rows.append(row)
    }
    return rows[left.count][right.count]
}

extension [String] {
    /// `a`, `a or b`, `a, b or c`.
    package func listed(by conjunction: String) -> String {
        guard count > 1, let last else { return first ?? "" }
        return "\(dropLast().joined(separator: ", ")) \(conjunction) \(last)"
    }
}
