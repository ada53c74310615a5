// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The images of programs that were loaded on some tables: one of each kind is enough for all ports.
final class ProgramImages: Sendable {
    private let images = Mutex<[ProgramKind: ProgramImage]>([:])

    subscript(_ kind: ProgramKind) -> ProgramImage? {
        get { images.withLock { $0[kind] } }
        set { images.withLock { $0[kind] = newValue } }
    }
}
