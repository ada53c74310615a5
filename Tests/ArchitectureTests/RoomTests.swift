// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Who imports whom, and where code may be unsafe.
@Suite struct RoomTests {
    /// A row of the table of rooms in docs/architecture.md.
    private static func documentedImports() throws -> [String: Set<String>] {
        let document = try SourceTree.file("docs/architecture.md")
        let lines = document.lines.drop { !$0.hasPrefix("| room |") }.dropFirst(2).prefix { $0.hasPrefix("|") }
        return Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let cells = line.split(separator: "|")
                return (words(in: cells[0])[0], Set(words(in: cells[2])))
            })
    }

    /// What stands between backticks.
    private static func words(in cell: Substring) -> [String] {
        cell.split(separator: "`", omittingEmptySubsequences: false).enumerated().filter { $0.offset % 2 == 1 }
            .map { String($0.element) }
    }

    @Test func `each room imports the rooms that the architecture names, and no other`() throws {
        let rooms = try SourceTree.rooms()
        var imports = Dictionary(uniqueKeysWithValues: rooms.map { ($0, Set<String>()) })
        let pattern = /^(?:@\w+ )?(?:public |package |internal |private )?import (?:struct |enum |func |class )?(\w+)/
        for file in try SourceTree.files(below: "Sources", ending: ".swift") {
            for line in file.lines {
                guard let module = try pattern.firstMatch(in: line).map({ String($0.1) }), rooms.contains(module) else {
                    continue
                }
                imports[file.room]?.insert(module)
            }
        }
        let documented = try Self.documentedImports()
        #expect(Set(documented.keys) == rooms)
        for room in rooms.sorted() {
            #expect(imports[room] == documented[room], "imports of \(room), found and documented")
        }
    }

    /// Each of these files says why: a measured loop, or a call that takes pointers.
    private static let unsafeFiles: Set = [
        "Sources/DurableFiles/FaultPoint.swift",
        "Sources/DurableFiles/HeldFile.swift",
        "Sources/DurableFiles/HeldFolder+Files.swift",
        "Sources/DurableFiles/HostFileSystem.swift",
        "Sources/DurableFiles/OperatorFile.swift",
        "Sources/DurableFiles/UntrustedPath.swift",
        "Sources/FlowExport/Files/Commit.swift",
        "Sources/FlowExport/Files/GzipCompressor.swift",
        "Sources/FlowFormats/Text/LineWriter.swift",
        "Sources/FlowMeter/Journal/JournalFrame.swift",
        "Sources/FlowStore/Parquet/BitUnpacker.swift",
        "Sources/FlowStore/Parquet/PageCompressor.swift",
        "Sources/FlowStore/SegmentSource.swift",
        "Sources/FlowMeter/Journal/SegmentReader.swift",
        "Sources/FlowMeter/Journal/SegmentWriter.swift",
        "Sources/weir-libvirt/Libvirt.swift",
        "Sources/weir/Main.swift",
    ]

    @Test func `code outside the rooms of the kernel and the host is unsafe only in files that are listed`() throws {
        let rooms: Set = ["Host", "BPF", "FlowKernel", "FlowTestKit"]
        let files = try SourceTree.files(below: "Sources", ending: ".swift").filter { file in
            !rooms.contains(file.room) && file.text.contains(/\bunsafe [a-zA-Z(\[&.]/)
        }
        #expect(Set(files.map(\.path)) == Self.unsafeFiles)
    }

    /// The compiler does not inline it across rooms: what is hot is `public @inlinable`.
    @Test func `nothing is @inlinable package`() throws {
        for file in try SourceTree.files(below: "Sources", ending: ".swift") {
            #expect(!file.text.contains(/@inlinable\s+package\b/), "\(file.path)")
        }
    }
}
