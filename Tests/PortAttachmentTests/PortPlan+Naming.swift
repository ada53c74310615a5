// SPDX-License-Identifier: Apache-2.0

import PortAttachment
import PortDirectory

extension PortListing {
    /// Rules that name some interfaces and exclude others; to exclude counts for more.
    static func naming(
        _ matches: @escaping @Sendable (String) -> Bool,
        excluding excludes: @escaping @Sendable (String) -> Bool = { _ in false }
    ) -> PortListing {
        PortListing { PortFacts(measuring: excludes($0) ? .never : matches($0) ? .always : nil) }
    }
}

extension PortPlan {
    static func naming(
        _ matches: @escaping @Sendable (String) -> Bool,
        excluding excludes: @escaping @Sendable (String) -> Bool = { _ in false }
    ) -> PortPlan {
        PortPlan(.naming(matches, excluding: excludes))
    }
}
