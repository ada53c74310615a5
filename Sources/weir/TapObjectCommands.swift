// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonReports
import FlowFormats
import FlowModel
import Foundation
import TapService

/// Lists the objects of a kind.
struct TapListCommand<Kind: TapCommandKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "list", abstract: "List all, one a line.",
            discussion: "Example: weir tap \(Kind.word) list --json")
    }

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        let view = try place.ask { client throws(TapClient.Refusal) in try client.view() }
        let objects = Kind.objects(of: view)
        if json { return try Output.printJSON(objects) }
        guard !objects.isEmpty else { return Output.print("there is no \(Kind.kind.noun)") }
        let rows = objects.map { object in Kind.columns.map { $0.word(object, view) } }
        Output.print(
            TextTable(rows: [Kind.columns.map(\.head)] + rows, rightAligned: 0..<0).lines.joined(separator: "\n"))
    }
}

/// Shows one object, each field on a line.
struct TapShowCommand<Kind: TapCommandKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "show", abstract: "Show one, with all of its fields.",
            discussion: "Example: weir tap \(Kind.word) show NAME")
    }

    @Argument(help: "Name or id.")
    var object: String

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: TapPlace

    func run() throws {
        let view = try place.ask { client throws(TapClient.Refusal) in try client.view() }
        try TapOutput.show(try Kind.find(object, in: view), asJSON: json)
    }
}

/// Deletes objects, and goes on after one that cannot be.
struct TapDeleteCommand<Kind: TapCommandKind>: ParsableCommand {
    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "delete", abstract: "Delete one or several.",
            discussion:
                "Example: weir tap \(Kind.word) delete NAME OTHER\nExit status 1 where one could not be deleted.")
    }

    @Argument(help: "Names or ids.")
    var objects: [String]

    @OptionGroup var place: TapPlace

    func run() throws {
        var failures: [String] = []
        for object in objects {
            do {
                let gone = try place.ask { client throws(TapClient.Refusal) in try client.delete(Kind.kind, object) }
                // With a tap service go its tap flows.
                for title in gone.dropFirst() { Output.print("deleted with it: \(title)") }
            } catch {
                Output.warn("\(error)")
                failures.append(object)
            }
        }
        guard !failures.isEmpty else { return }
        throw TapFailure(
            description:
                "\(failures.count) of \(counted(objects.count, Kind.kind.noun)) could not be deleted: \(failures.listed(by: "and"))"
        )
    }
}

enum TapOutput {
    /// An object as a table of its fields, or as JSON.
    static func show(_ object: some Encodable, asJSON: Bool) throws {
        if asJSON { return try Output.printJSON(object) }
        let data = try JSONEncoder().encode(object)
        let fields = try TapJSON.object(data).sorted { $0.key < $1.key }
        let rows = fields.flatMap { key, value in
            text(value).enumerated().map { [$0.offset == 0 ? key : "", $0.element] }
        }
        Output.print(TextTable(rows: [["FIELD", "VALUE"]] + rows, rightAligned: 0..<0).lines.joined(separator: "\n"))
    }

    private static func text(_ value: TapJSON) -> [String] {
        switch value {
        case .text(let text): [text]
        case .list(let values): values.isEmpty ? ["-"] : values.flatMap(text)
        case .object(let members):
            [
                members.sorted { $0.key < $1.key }.map { "\($0.key)=\(text($0.value).joined(separator: " "))" }.joined(
                    separator: " ")
            ]
        default: ["\(value)"]
        }
    }
}

/// Fields that options name, as a request has them.
struct TapRequestFields {
    private(set) var values: [String: TapJSON] = [:]

    mutating func set(_ name: String, _ value: (some CustomStringConvertible)?) {
        if let value { values[name] = .text("\(value)") }
    }

    mutating func set(_ name: String, _ value: TapJSON) { values[name] = value }

    /// A rate as people write it: 100k, 20M, 1.5G.
    mutating func set(_ name: String, rate text: String?) throws {
        guard let text else { return }
        let units: [Character: Double] = ["k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9]
        let unit = text.last.flatMap { units[$0] }
        guard let number = Double(unit == nil ? text : String(text.dropLast())), number >= 0,
            number * (unit ?? 1) < 1e18
        else {
            throw UsageError(
                description:
                    "\(name.replacing("_", with: "-")) must be a rate such as 500000, 500k, 20M or 1.5G, not \"\(text)\""
            )
        }
        values[name] = .number(Int64((number * (unit ?? 1)).rounded()))
    }

    mutating func unset(_ names: [String]) {
        for name in names { values[name] = .null }
    }

    /// Those of a file, which the options stand above.
    func over(_ others: [String: TapJSON]) -> [String: TapJSON] { others.merging(values) { $1 } }
}
