// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// The folder that libxdp makes in bpffs when a program opens its first AF_XDP socket, and leaves behind: removed with the
/// test that started such programs, where it was not there before.
package final class LibxdpFolder: Sendable {
    private static let path = "/sys/fs/bpf/xdp"
    private let wasThere: Bool

    package init() { wasThere = FileManager.default.fileExists(atPath: Self.path) }

    deinit { remove() }

    /// Removes it; the programs must have ended. One that holds anything is in use, and stays.
    package func remove() {
        let files = FileManager.default
        guard !wasThere, (try? files.contentsOfDirectory(atPath: Self.path))?.isEmpty == true else { return }
        try? files.removeItem(atPath: Self.path)
    }
}
