// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation

/// Other people's readers of Parquet: DuckDB and pyarrow, which `tools/setup test` gets, and chDB and Spark, which `tools/setup readers` gets.
enum Readers {
    private static let build = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../.build")
        .standardized.path

    /// Whether tools/test-readers runs the tests: chDB and Spark take a gigabyte.
    static let areHeavyOnesAsked = ProcessInfo.processInfo.environment["WEIR_READERS"] != nil

    static func python(_ script: String, _ arguments: String..., heavy: Bool = false) throws -> String {
        let python = "\(build)/\(heavy ? "readers" : "python")/bin/python"
        return try ChildProcess.run(
            [python, "-W", "ignore", "-c", script] + arguments, within: .seconds(heavy ? 600 : 30))
    }

    /// Runs a line of a shell with the readers' commands in its path.
    static func shell(_ line: String) throws -> String {
        try ChildProcess.run(["env", "PATH=\(build)/python/bin:/usr/bin:/bin", "sh", "-c", line])
    }

    /// The rows as lines of JSON, without what is null.
    static func lines(ofParquet files: [String]) throws -> String {
        let script = """
            import json, sys, pyarrow.parquet as parquet
            for path in sys.argv[1].split():
                for row in parquet.ParquetFile(path).read().to_pylist():
                    print(json.dumps({name: value for name, value in row.items() if value is not None}))
            """
        return try python(script, files.joined(separator: " "))
    }

    /// The first block of code in docs/store.md after those words, without its fence.
    static func example(after words: String) throws -> String {
        let page = try String(contentsOfFile: "\(build)/../docs/store.md", encoding: .utf8)
        guard let start = page.range(of: "\n\(words)"),
            let open = page[start.upperBound...].firstMatch(of: /\n```[a-z]*\n/),
            let close = page[open.range.upperBound...].range(of: "\n```\n")
        else { throw MissingExample(words: words) }
        return String(page[open.range.upperBound..<close.lowerBound])
    }

    struct MissingExample: Error { let words: String }
}
