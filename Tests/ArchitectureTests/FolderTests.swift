// SPDX-License-Identifier: Apache-2.0

import Testing

/// Which folders of a room use which: they form no circle.
@Suite struct FolderTests {
    /// A folder uses another where one of its files names what a file of the other declares.
    private struct Graph {
        /// By folder, those that it uses, with an example.
        private(set) var arrows: [String: [String: String]] = [:]

        init(_ files: [SwiftFile]) {
            // A name that is declared within a type, too, may mean that one.
            let ambiguous = files.reduce(into: Set()) { $0.formUnion($1.nested) }
            for file in files {
                for other in files where other.folder != file.folder {
                    let names = file.used.intersection(other.declared).subtracting(ambiguous)
                    guard let name = names.min(), arrows[file.folder]?[other.folder] == nil else { continue }
                    arrows[file.folder, default: [:]][other.folder] = "\(file.path) names \(name) of \(other.path)"
                }
            }
        }

        private func reached(from folder: String) -> Set<String> {
            var found: Set<String> = []
            var pending = [folder]
            while let next = pending.popLast() {
                for other in arrows[next, default: [:]].keys where found.insert(other).inserted {
                    pending.append(other)
                }
            }
            return found
        }

        /// Sets of folders each of which uses, by others or itself, all the rest of the set.
        var circles: Set<Set<String>> {
            let reach = Dictionary(uniqueKeysWithValues: arrows.keys.map { ($0, reached(from: $0)) })
            let all = reach.filter { $1.contains($0) }.map { folder, others in
                others.filter { reach[$0]?.contains(folder) == true }
            }
            return Set(all)
        }

        /// An example of each arrow within a circle.
        func examples(of circle: Set<String>) -> String {
            circle.sorted().flatMap { folder in
                arrows[folder, default: [:]].filter { circle.contains($0.key) }.values.sorted()
            }.joined(separator: "\n")
        }
    }

    @Test func `folders of a room form no circle`() throws {
        let rooms = Dictionary(grouping: try SwiftFile.sources.get(), by: \.room)
        for (room, files) in rooms.sorted(by: { $0.key < $1.key }) {
            let graph = Graph(files)
            for circle in graph.circles {
                Issue.record("\(room) has the circle \(circle.sorted()):\n\(graph.examples(of: circle))")
            }
        }
    }
}
