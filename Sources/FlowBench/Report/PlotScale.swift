// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// From values to places on the paper; both axes are logarithmic.
struct PlotScale {
    static let width = 860
    static let height = 520
    static let left = 60
    static let right = 660
    static let top = 44
    static let bottom = 460
    /// What is as good as nothing is drawn as this much.
    static let least = 1.0

    let flowTicks: [Double]
    let nanosecondTicks: [Double]

    init(flows: [Double], nanoseconds: [Double]) {
        flowTicks = Set(flows).sorted()
        let highest = max(nanoseconds.max() ?? 0, 100)
        // 1, 2, 5, 10 …, up to the first that holds all.
        var ticks: [Double] = [Self.least]
        while let last = ticks.last, last < highest {
            ticks.append(ticks.count % 3 == 2 ? last * 2.5 : last * 2)
        }
        nanosecondTicks = ticks
    }

    func x(_ flows: Double) -> Double {
        let last = max(flowTicks.last ?? 1, 2)
        return Double(Self.left) + Double(Self.right - Self.left) * log(flows) / log(last)
    }

    func y(_ nanoseconds: Double) -> Double {
        let last = nanosecondTicks[nanosecondTicks.count - 1]
        return Double(Self.bottom) - Double(Self.bottom - Self.top) * log(nanoseconds) / log(last)
    }

    static func text(_ place: Double) -> String { "\((place * 10).rounded() / 10)" }

    /// Places in ascending order, moved as little as needed to be that far apart.
    static func apart(_ places: [Double], by distance: Double) -> [Double] {
        var result: [Double] = []
        for place in places { result.append(max(place, (result.last ?? -.infinity) + distance)) }
        // What was pushed beyond the paper pushes back.
        var lowest = Double(bottom) + distance
        for index in result.indices.reversed() {
            result[index] = min(result[index], lowest)
            lowest = result[index] - distance
        }
        return result
    }
}
