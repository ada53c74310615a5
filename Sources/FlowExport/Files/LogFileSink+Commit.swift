// SPDX-License-Identifier: Apache-2.0

import DurableFiles
internal import SystemPackage

extension LogFileSink {
    /// Publishes all that is staged. What was decided is published even where this throws; what was not stays staged.
    func commit() throws(ExportError) {
        dropIfRemoved()
        isCommitDue = taken > max(acknowledged, log.decided)
        if let period { for stream in streams.values { try write(stream, of: period) } }
        for stream in streams.values where stream.file?.holdsRecords == false {
            stream.file?.discard()
            stream.file = nil
        }
        let files = files
        guard isCommitDue else { return try carryOut() }
        var length: UInt64 = 0
        for file in files { length += UInt64(try file.complete()) }
        try synchronize(files)
        FaultPoint.reach(.beforeCommit)
        let renames = files.map { Commit.Rename(temporary: $0.temporaryPath, final: $0.place.path) }
        try log.decide(Commit(renames: renames, through: taken))
        FaultPoint.reach(.afterCommit)
        isCommitDue = false
        if !batch.isWrittenWithWindow { counts.bytes += length }
        forgetStaged()
        try carryOut()
    }

    /// Where this throws, all that is staged is forgotten: what the disk did not take may be gone although the next fsync succeeds (fsync(2)).
    private func synchronize(_ files: [LogFile]) throws(ExportError) {
        do throws(ExportError) {
            for file in files { try file.synchronize() }
            try ExportError.wrap(.publish, configuration.staging) { try folders.openStaging().synchronize() }
        } catch {
            dropAll()
            throw error
        }
    }

    /// Does what is decided and not done yet.
    func carryOut() throws(ExportError) {
        var published: UInt64 = 0
        defer { counts.files += published }
        try log.carryOut(in: folders) { published += 1 }
        if log.isCarriedOut { acknowledged = max(acknowledged, log.decided) }
    }
}
