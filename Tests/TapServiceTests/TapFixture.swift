// SPDX-License-Identifier: Apache-2.0

import FlowModel
import TapService
import Testing

/// A book, a host with a few ports, and requests as an operator writes them.
struct TapFixture {
    var book = TapBook()
    var host = TapSurroundings()
    var owner = TapOwner(user: 1000, process: 77, command: "weir", time: 1_795_000_000)
    private var made = 0

    init(ports: TapPort...) { host.ports = ports }

    /// - Parameter fields: `name=value name=value`; a value has no blank.
    static func fields(_ text: String) -> [String: TapJSON] {
        Dictionary(
            uniqueKeysWithValues: text.split(separator: " ").map { word in
                let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                return (String(parts[0]), .text(String(parts[1])))
            })
    }

    /// - Returns: the id.
    @discardableResult
    mutating func create(_ kind: TapKind, _ fields: String, rules: String...) throws(TapError) -> String {
        var values = Self.fields(fields)
        if !rules.isEmpty { values["rules"] = .list(rules.map { .text($0) }) }
        return try create(kind, values)
    }

    @discardableResult
    mutating func create(_ kind: TapKind, _ values: [String: TapJSON]) throws(TapError) -> String {
        made += 1
        try book.create(kind, id: "\(kind.rawValue)-\(made)", values, by: owner, in: host)
        return "\(kind.rawValue)-\(made)"
    }

    mutating func update(_ kind: TapKind, _ name: String, _ fields: String) throws(TapError) {
        _ = try book.update(kind, name, Self.fields(fields), by: owner, in: host)
    }

    mutating func compile(counts: [Int: TapFigures] = [:], budgets: [String: TapRate] = [:]) -> TapCompiler {
        var captures = TapCaptures()
        var compiler = TapCompiler(&book, captures: &captures, in: host, counts: counts)
        compiler.leave(budgets)
        return compiler
    }

    /// The sentence with which a request is refused.
    static func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "it was not refused"
        } catch {
            return "\(error)"
        }
    }
}

extension TapPort {
    static func named(_ name: String, _ number: UInt16, project: String? = nil, tags: [String] = []) -> TapPort {
        TapPort(
            number: PortNumber(number), name: name, interfaceIndex: UInt32(number) + 100,
            identity: PortIdentity(projectID: project), tags: tags)
    }
}
