// SPDX-License-Identifier: Apache-2.0

/// Ternary rules of several words, gone through one after the other: slow, and nothing to get wrong. The witness of
/// everything that is cleverer.
package struct LinearMatcher {
    /// Of each rule its masked words and its mask, the highest priority first, of equal ones the one that was there first.
    private var words: [UInt64] = []
    private var masks: [UInt64] = []
    private var values: [UInt16] = []
    private let width: Int

    /// - Parameter rules: of as many words as the width, in the order in which they were inserted.
    package init(width: Int, _ rules: [(key: [UInt64], mask: [UInt64], priority: Int, value: UInt16)]) {
        self.width = width
        let sorted = rules.enumerated().sorted { left, right in
            left.element.priority != right.element.priority
                ? left.element.priority > right.element.priority : left.offset < right.offset
        }
        for (_, rule) in sorted {
            words += zip(rule.key, rule.mask).map { $0 & $1 }
            masks += rule.mask
            values.append(rule.value)
        }
    }

    /// The value of the first rule that matches; 0 where none does.
    package func value(of key: [UInt64]) -> UInt16 {
        let (words, masks) = (words.span, masks.span)
        let key = key.span
        for rule in values.indices {
            let start = rule * width
            var difference: UInt64 = 0
            for word in 0..<width { difference |= key[word] & masks[start + word] ^ words[start + word] }
            if difference == 0 { return values[rule] }
        }
        return 0
    }
}
