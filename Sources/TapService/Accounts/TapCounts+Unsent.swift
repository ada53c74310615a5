// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension TapCounts {
    /// With what could not be sent after it was counted as mirrored.
    ///
    /// - Parameter unsent: why, in `failed`; in `truncated` what of it was cut. No more is moved than was mirrored.
    package func moving(_ unsent: TapCounts) -> TapCounts {
        var result = self
        for cause in [\TapCounts.failed.destination, \TapCounts.failed.tooBig] {
            let moved = unsent[keyPath: cause].bounded(by: result.mirrored)
            result.mirrored = result.mirrored - moved
            result[keyPath: cause] += moved
        }
        result.truncated = result.truncated - unsent.truncated.bounded(by: result.truncated)
        return result
    }
}

extension TapFigures {
    package func moving(_ unsent: TapFigures) -> TapFigures {
        TapFigures(ingress: ingress.moving(unsent.ingress), egress: egress.moving(unsent.egress))
    }
}

extension PacketCount {
    fileprivate func bounded(by other: PacketCount) -> PacketCount {
        PacketCount(packets: min(packets, other.packets), octets: min(octets, other.octets))
    }
}
