// SPDX-License-Identifier: Apache-2.0

/// The different numbers of a column in a row group, and for each row the place of its own.
struct NumberDictionary {
    /// In order where their range is small.
    let values: [Int64]
    /// By row; `ColumnContent.noText` where there is none.
    let places: [UInt32]

    /// So wide a range is looked up in a table, of four bytes each.
    private static let tableRange: UInt64 = 1 << 17

    /// Fewer are sorted: a table takes longer.
    private static let fewNumbers = 256

    /// nil where more than half of the numbers are different.
    init?(_ numbers: [Int64], least: Int64, most: Int64) {
        var places = [UInt32](repeating: ColumnContent.noText, count: numbers.count)
        var values: [Int64] = []
        let range = UInt64(bitPattern: most &- least)
        if numbers.count < Self.fewNumbers, range < Self.tableRange {
            values = Set(numbers).subtracting([ColumnContent.noNumber]).sorted()
            for row in numbers.indices where numbers[row] != ColumnContent.noNumber {
                places[row] = Self.place(of: numbers[row], in: values)
            }
        } else if range < Self.tableRange {
            Self.fill(&places, &values, numbers, least, range: Int(range) + 1)
        } else {
            guard Self.fill(&places, &values, numbers, most: numbers.count / 2 + 1) else { return nil }
        }
        self.places = places
        self.values = values
    }

    /// Among values that are sorted, and that it is one of.
    private static func place(of number: Int64, in values: [Int64]) -> UInt32 {
        var (from, to) = (0, values.count - 1)
        while from < to {
            let middle = (from + to) / 2
            if values[middle] < number { from = middle + 1 } else { to = middle }
        }
        return UInt32(from)
    }

    private static func fill(
        _ places: inout [UInt32], _ values: inout [Int64], _ numbers: [Int64], _ least: Int64, range: Int
    ) {
        var table = [UInt32](repeating: 0, count: range)
        var slots = table.mutableSpan
        let source = numbers.span
        for row in source.indices where source[row] != ColumnContent.noNumber { slots[Int(source[row] &- least)] = 1 }
        for index in slots.indices where slots[index] != 0 {
            slots[index] = UInt32(values.count)
            values.append(least + Int64(index))
        }
        var target = places.mutableSpan
        for row in source.indices where source[row] != ColumnContent.noNumber {
            target[row] = slots[Int(source[row] &- least)]
        }
    }

    /// Open addressing, linear probing. The multiplier is random: packets choose what is looked up, and must not be able to make it
    /// collide.
    private static func fill(
        _ places: inout [UInt32], _ values: inout [Int64], _ numbers: [Int64], most: Int
    ) -> Bool {
        var slots = [UInt32](repeating: 0, count: slots(for: most))
        let mask = slots.count - 1
        let multiplier = UInt64.random(in: .min ... .max) | 1
        var table = slots.mutableSpan
        var target = places.mutableSpan
        let source = numbers.span
        for row in source.indices {
            let value = source[row]
            guard value != ColumnContent.noNumber else { continue }
            var place = Int(truncatingIfNeeded: (UInt64(bitPattern: value) &* multiplier) >> 32) & mask
            while table[place] != 0, values[Int(table[place]) - 1] != value { place = (place + 1) & mask }
            if table[place] == 0 {
                guard values.count < most else { return false }
                values.append(value)
                table[place] = UInt32(values.count)
            }
            target[row] = table[place] - 1
        }
        return true
    }

    private static func slots(for values: Int) -> Int {
        var slots = 64
        while slots < values * 2 { slots *= 2 }
        return slots
    }
}
