// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import FlowStore
import FlowTestKit
import Foundation
import Testing

/// Comma-separated values, the store's columns and JSON lines say the same.
@Suite struct CSVColumnTests {
    /// The number of the window is the store's own.
    @Test func `the columns are those of the store, in its order`() {
        #expect(CSVFormat.columns == FlowColumn.allCases.filter { $0 != .windowSequence }.map(\.name))
    }

    @Test func `lines of every kind say what JSON lines say`() throws {
        var random = RandomEntries(seed: 16)
        let entries = random.next(3000)
        let folder = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for (name, format) in [("csv", CSVFormat() as any RecordFormat), ("json", JSONLinesFormat())] {
            var bytes: [UInt8] = []
            format.appendHeader(to: &bytes)
            var encoder = format.makeEncoder()
            for entry in entries { encoder.append(entry, to: &bytes) }
            try Data(bytes).write(to: folder.appending(path: name))
        }
        let script = """
            import csv, json, sys
            rows = list(csv.DictReader(open(sys.argv[1] + "/csv", newline=""), strict=True))
            lines = [json.loads(line) for line in open(sys.argv[1] + "/json")]
            text = lambda value: "true" if value is True else str(value)
            for row, line in zip(rows, lines, strict=True):
                assert {k: v for k, v in row.items() if v} == {k: text(v) for k, v in line.items() if v != ""}, (row, line)
            print(len(rows))
            """
        #expect(try ChildProcess.run(["python3", "-c", script, folder.path]) == "3000\n")
    }
}
