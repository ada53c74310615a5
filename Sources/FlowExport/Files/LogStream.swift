// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowStore

/// The files of one owner, one after the other. A class, since several windows refer to it; used by its sink alone.
final class LogStream {
    let owner: LogOwner
    var file: LogFile?
    /// The lines that were formatted and are in no file yet.
    var bytes: [UInt8] = []
    /// The rows that are in no file yet.
    var rows = FlowRows()
    /// The first of them: of windows that have ended.
    var endedRows = 0

    init(_ owner: LogOwner) { self.owner = owner }

    /// The window whose entries came is taken.
    func endWindow() { endedRows = rows.count }

    /// Forgets what is in no file yet of the window whose entries come.
    func forgetWindow() {
        bytes.removeAll(keepingCapacity: true)
        rows.keep(endedRows)
    }
}
