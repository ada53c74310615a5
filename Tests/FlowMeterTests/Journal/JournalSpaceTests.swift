// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit
import Foundation
import SystemPackage
import Testing

/// Needs root, to mount file systems of its own.
@Suite(.enabled(if: KernelAccess.isExpected)) struct JournalSpaceTests {
    @Test func `a part that does not fit leaves the segment as it was, and fits when there is room`() throws {
        let mount = "/tmp/weir-journal-tests-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: mount, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: mount) }
        try ChildProcess.run(["mount", "-t", "tmpfs", "-o", "size=128k", "weir-t", mount])
        defer { _ = try? ChildProcess.run(["umount", mount]) }

        let (journal, _) = try Journal.open(FilePath(mount).appending("journal"))
        var generator = SplitMix64(seed: 1)
        let first = Sample.part(1, first: 1, flows: 300, endReason: nil, using: &generator)
        _ = try journal.append(first, installation: 1, ports: Sample.ports)
        let before = journal.openBytes
        var second = Sample.part(2, flows: 2000)
        second.firstNumber = 1
        for _ in 0..<2 {
            let error = #expect(throws: JournalError.self) {
                _ = try journal.append(second, installation: 1, ports: Sample.ports)
            }
            #expect(error?.reason == .noSpace && journal.openBytes == before)
            #expect(
                error?.description.hasSuffix(
                    ": no space left on device; free some space there, or choose another directory (--state-dir)")
                    == true)
        }
        let segment = try #require(try Journal.open(journal.folder).segments.first)
        #expect(try segment.bytes == before && SegmentReader.read(segment).isIntact)
        try ChildProcess.run(["mount", "-o", "remount,size=8m", mount])
        let complete = try #require(try journal.append(second, installation: 1, ports: Sample.ports))
        #expect(try SegmentReader.read(complete).parts.map(\.flows.count) == [300, 2000])
    }
}
