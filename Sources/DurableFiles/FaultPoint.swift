// SPDX-License-Identifier: Apache-2.0

import Glibc

/// A place at which a debug build can be told to die as by `kill -9`: `WEIR_FAULT=NAME` or `WEIR_FAULT=NAME:COUNT`,
/// for the COUNT-th time that it gets there.
///
/// In a release build there is nothing of it but calls of an empty function, a dozen a window.
package enum FaultPoint: CaseIterable, Sendable {
    /// The next window is open, the closed one not read yet.
    case afterSwap
    /// The flows of the closed generation are read, its totals are not.
    case midDrain
    /// The flows of a part are written to the journal, the frames that close it are not.
    case afterAppend
    /// All of the part is written, and not yet on the disk.
    case beforeFsync
    /// The part is on the disk.
    case afterFsync
    /// The same, on the way to the kernel's tables.
    case beforeRelease
    /// The totals of the generation are released, its flows are not.
    case midRelease
    /// Files are on the disk under temporary names, the commit is not.
    case beforeCommit
    /// The commit is on the disk, nothing is renamed.
    case afterCommit
    /// The first of the files is renamed.
    case midRename
    /// All files are renamed.
    case afterRename
    /// The window's segment is whole in the store's folder for growing files, and has no name.
    case beforeStoreRename
    /// The window is in the store; its segment of the journal is still there.
    case beforeSegmentDelete
    /// A sink's other end has a window, and its cursor does not say so.
    case beforeCursor
    /// The cursor says so.
    case afterCursor
    /// Files are published and the cursor says so; the commit is still there.
    case beforeCommitDelete

    /// Ends the process here if that was asked for.
    package static func reach(_ point: FaultPoint) {
        #if DEBUG
            Asked.shared?.reach(point)
        #endif
    }
}

#if DEBUG
    private import Synchronization

    extension FaultPoint {
        /// The name in `WEIR_FAULT`: `after-swap` for `afterSwap`.
        package var name: String {
            "\(self)".reduce(into: "") { name, letter in
                name += letter.isUppercase ? "-" + letter.lowercased() : String(letter)
            }
        }
    }

    private struct Asked: Sendable {
        let point: FaultPoint
        let left: Counter

        final class Counter: Sendable {
            let value: Atomic<Int>
            init(_ value: Int) { self.value = Atomic(value) }
        }

        static let shared: Asked? = {
            guard let text = unsafe getenv("WEIR_FAULT").map({ unsafe String(cString: $0) }) else { return nil }
            let words = text.split(separator: ":")
            guard let point = FaultPoint.allCases.first(where: { $0.name == words.first.map(String.init) ?? "" }) else {
                fatalError("WEIR_FAULT names no fault point: \(text)")
            }
            return Asked(point: point, left: Counter(words.count > 1 ? Int(words[1]) ?? 1 : 1))
        }()

        func reach(_ point: FaultPoint) {
            guard point == self.point, left.value.subtract(1, ordering: .relaxed).newValue == 0 else { return }
            kill(getpid(), SIGKILL)
            // The signal comes at the latest when the thread returns from here.
            while true { pause() }
        }
    }
#endif
