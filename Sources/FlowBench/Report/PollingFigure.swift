// SPDX-License-Identifier: Apache-2.0

/// The cost to a switch of polling its megaflows: CPU time of `ovs-vswitchd`, of one core.
package struct PollingFigure: Codable, Sendable {
    package let megaflows: Int
    package let seconds: Double
    /// Without polling, and with Weir's.
    package let percentAlone: Double
    package let percentWatched: Double

    package init(megaflows: Int, seconds: Double, percentAlone: Double, percentWatched: Double) {
        self.megaflows = megaflows
        self.seconds = seconds
        self.percentAlone = (percentAlone * 100).rounded() / 100
        self.percentWatched = (percentWatched * 100).rounded() / 100
    }

    enum CodingKeys: String, CodingKey {
        case megaflows, seconds
        case percentAlone = "percent_alone"
        case percentWatched = "percent_watched"
    }
}
