// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// The files of one owner, one after the other. A class, since several windows refer to it; used by its sink alone.
final class LogStream {
    let owner: LogOwner
    var file: LogFile?
    /// The lines that were formatted and are in no file yet.
    var bytes: [UInt8] = []

    init(_ owner: LogOwner) { self.owner = owner }
}
