// SPDX-License-Identifier: Apache-2.0

/// What a Swift file declares at its top, and what it names.
struct SwiftFile {
    let path: String
    let lineCount: Int
    /// Types, protocols and functions that other files may use.
    let declared: Set<String>
    /// Types that it extends.
    let extended: Set<String>
    /// All words that are no members of something.
    let used: Set<String>
    /// All words.
    let mentioned: Set<String>
    /// Every name of a type that is declared within another one.
    let nested: Set<String>
    let isEntry: Bool

    private static let kinds: Set<String> = ["struct", "class", "enum", "actor", "protocol", "typealias", "func"]

    init(_ file: SourceTree.File) {
        let words = SwiftWords(file.text).words
        var declared: Set<String> = []
        var extended: Set<String> = []
        var nested: Set<String> = []
        for (word, name) in zip(words, words.dropFirst()) where word.line == name.line && !word.isMember {
            if word.text == "extension" { extended.insert(name.text) }
            guard Self.kinds.contains(word.text), !Self.kinds.contains(name.text) else { continue }
            if word.depth > 0 {
                if word.text != "func" { nested.insert(name.text) }
            } else if !words.contains(where: { $0.line == word.line && $0.text.hasSuffix("private") }) {
                declared.insert(name.text)
            }
        }
        path = file.path
        lineCount = file.lines.count - 1
        self.declared = declared
        self.extended = extended
        self.nested = nested
        used = Set(words.lazy.filter { !$0.isMember }.map(\.text))
        mentioned = Set(words.lazy.map(\.text))
        isEntry = file.text.contains("@main")
    }

    /// All files of the rooms, read once.
    static let sources = Result { try SourceTree.files(below: "Sources", ending: ".swift").map(SwiftFile.init) }
    static let tests = Result { try SourceTree.files(below: "Tests", ending: ".swift").map(SwiftFile.init) }

    /// The folder within the room; `.` for what lies at its top.
    var folder: String {
        let folders = path.split(separator: "/").dropFirst(2).dropLast()
        return folders.isEmpty ? "." : folders.joined(separator: "/")
    }
    var room: String { String(path.split(separator: "/")[1]) }

    func mentions(_ other: SwiftFile) -> Bool { path != other.path && !mentioned.isDisjoint(with: other.declared) }
}
