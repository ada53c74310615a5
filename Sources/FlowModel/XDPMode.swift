// SPDX-License-Identifier: Apache-2.0

/// How XDP runs on a port.
package enum XDPMode: UInt8, Sendable, CaseIterable {
    /// In the driver.
    case native = 1
    /// In the kernel's receive path, after the driver has made a socket buffer.
    case generic = 2

    package var name: String {
        switch self {
        case .native: "native"
        case .generic: "generic"
        }
    }
}
