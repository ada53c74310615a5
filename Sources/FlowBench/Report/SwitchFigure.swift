// SPDX-License-Identifier: Apache-2.0

/// How many frames a second a switch forwards between two ports while something measures them.
package struct SwitchFigure: Codable, Sendable {
    /// "nothing", "weir" or "ipfix".
    package let measuredBy: String
    package let framesASecond: Figure
    /// Of the median with nothing.
    package let ratio: Double

    package init(measuredBy: String, framesASecond: Figure, ratio: Double) {
        self.measuredBy = measuredBy
        self.framesASecond = framesASecond
        self.ratio = (ratio * 1000).rounded() / 1000
    }

    enum CodingKeys: String, CodingKey {
        case ratio
        case measuredBy = "measured_by"
        case framesASecond = "frames_a_second"
    }
}
