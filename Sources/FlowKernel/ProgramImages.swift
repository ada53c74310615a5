// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// The images of programs that were loaded on some tables: one of each kind is enough for all ports.
final class ProgramImages: Sendable {
    private let images = Mutex<[Key: ProgramImage]>([:])

    private struct Key: Hashable {
        let kind: ProgramKind
        let isJudged: Bool
    }

    subscript(_ kind: ProgramKind, _ isJudged: Bool) -> ProgramImage? {
        get { images.withLock { $0[Key(kind: kind, isJudged: isJudged)] } }
        set { images.withLock { $0[Key(kind: kind, isJudged: isJudged)] = newValue } }
    }
}
