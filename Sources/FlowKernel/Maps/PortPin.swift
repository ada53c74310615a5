// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import Glibc

/// A map that is pinned in a port's folder, beside the links of its programs.
enum PortPin: CaseIterable {
    /// What the port counted.
    case totals
    case fragments
    case connections
    /// The sockets behind an AF_XDP port.
    case sockets

    var name: String {
        switch self {
        case .totals: "totals"
        case .fragments: "fragments"
        case .connections: "connections"
        case .sockets: WEIR_MAP_SOCKETS
        }
    }

    func path(in folder: String) -> String { "\(folder)/\(name)" }

    func isPinned(in folder: String) -> Bool { unsafe access(path(in: folder), F_OK) == 0 }

    func unpin(in folder: String) { unsafe unlink(path(in: folder)) }

    /// Removes the pins of all of them, and the folder where nothing else is in it.
    static func removeAll(in folder: String) {
        for pin in allCases { pin.unpin(in: folder) }
        unsafe rmdir(folder)
    }
}

/// A link that is pinned in a port's folder.
enum PortLink: String, CaseIterable {
    /// Of the program that sees what comes from the port.
    case from
    case to

    func path(in folder: String) -> String { "\(folder)/\(rawValue)" }
}
