// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing
import WeirConfiguration

/// A component that is configured by two keys, as CONTRIBUTING.md shows it.
private struct Well: Equatable, Sendable {
    var depth = 3
    var lid: String?

    static let keys = KeyTable<Well> {
        ConfigurationKey(
            "depth", \.depth, .count(1...9), flag: .option("Metres of the well"), variable: "WEIR_DEPTH",
            reload: .restart, "metres of the well")
        ConfigurationKey("lid", \.lid, .path, "the file of its lid")
    }

    static func layer(_ yaml: String) throws -> ConfigurationLayer<Well> {
        try ConfigurationLayer(of: keys, ConfigurationFile(path: "w", content: Data(yaml.utf8)))
    }
}

/// One declaration is all that a key takes: the rest comes from it.
@Suite struct KeyTableTests {
    @Test func `the file's reader, its bounds and its nearest word come from the declaration`() throws {
        #expect(
            Well.keys.merge([try Well.layer("depth: 7\nlid: /lid")], over: Well()).root == Well(depth: 7, lid: "/lid"))
        for (text, sentence) in [
            ("\ndepth: 10", #"w:2: depth must be a whole number from 1 to 9, not "10""#),
            ("deptj: 1", #"w:1: unknown key "deptj"; did you mean depth?"#),
            ("lid: x", #"w:1: lid must be a path from the root, not "x""#),
        ] {
            let error = #expect(throws: ConfigurationError.self) { try Well.layer(text) }
            #expect(error?.description == sentence)
        }
    }

    @Test func `the environment and the flag come from it, and a flag decides before them and the file`() throws {
        var flags = ConfigurationLayer(of: Well.keys)
        let environment = try ConfigurationLayer(of: Well.keys, environment: ["WEIR_DEPTH": "5", "lid": "/no"])
        let file = try Well.layer("depth: 7\nlid: /lid")
        var merged = Well.keys.merge([flags, environment, file], over: Well())
        #expect(merged.root == Well(depth: 5, lid: "/lid"))
        #expect(merged.source(of: "depth") == .environment("WEIR_DEPTH"))
        #expect(merged.source(of: "lid") == .file(ConfigurationPlace(file: "w", line: 2)))
        try flags.set("depth", flag: "9")
        merged = Well.keys.merge([flags, environment, file], over: Well())
        #expect(merged.root.depth == 9)
        #expect(merged.source(of: "depth") == .flag("--depth"))
        let errors = [
            #expect(throws: ConfigurationError.self) { try flags.set("depth", flag: "x") },
            #expect(throws: ConfigurationError.self) {
                try ConfigurationLayer(of: Well.keys, environment: ["WEIR_DEPTH": "0"])
            },
        ]
        #expect(
            errors.map { $0?.description } == [
                #"--depth must be a whole number from 1 to 9, not "x""#,
                #"WEIR_DEPTH must be a whole number from 1 to 9, not "0""#,
            ])
    }

    @Test func `the flag's help names the variable and the default`() {
        #expect(Well.keys["depth"].help(defaults: Well()) == "Metres of the well (WEIR_DEPTH, 3).")
        #expect(Well.keys["lid"].help(defaults: Well()) == nil)
    }

    @Test func `what is shown has the value and its source`() throws {
        let merged = Well.keys.merge([try Well.layer("depth: 7")], over: Well())
        #expect(merged.shown.yaml == "depth: 7     # w:1\n# lid: none  # default")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        #expect(
            String(decoding: try encoder.encode(merged.shown.json), as: UTF8.self)
                == #"{"depth":{"file":"w","line":1,"source":"file","value":7},"lid":{"source":"default"}}"#)
    }

    @Test func `a reload takes what can be taken, and says what takes a restart`() {
        let change = ConfigurationChange(from: Well(), to: Well(depth: 4, lid: "/lid"), of: Well.keys)
        #expect(change.configuration == Well(depth: 3, lid: "/lid"))
        #expect(change.taken == ["lid"])
        #expect(change.refused == ["depth"])
        #expect(
            change.refusals == ["depth: a new value takes a restart of the daemon; the one before stays in force"])
    }

    @Test func `the documentation's rows come from it`() {
        #expect(
            Well.keys.markdown(defaults: Well()) == """
                | key | default (bounds) | flag, variable | reload | what |
                | --- | --- | --- | --- | --- |
                | `depth` | `3` (1 to 9) | `--depth`, `WEIR_DEPTH` | restart | metres of the well |
                | `lid` | none | | at once | the file of its lid |

                """)
    }
}
