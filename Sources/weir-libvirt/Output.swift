// SPDX-License-Identifier: Apache-2.0

import Foundation
import Synchronization

/// What the program writes, from any of its threads: whole lines.
enum Output {
    private static let turn = Mutex(())

    /// Blocks while the reader does not read.
    static func print(_ text: String) {
        turn.withLock { _ in try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8)) }
    }

    static func complain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("weir-libvirt: \(text)\n".utf8))
    }
}
