// SPDX-License-Identifier: Apache-2.0

package import BPF
import FlowKernel

/// Which program of an object file is measured, and how its object is set up: what `--program` says.
///
/// `FILE:SECTION[,NAME=VALUE]…`. A file has no colon, a section no comma.
package struct ForeignProgram: Equatable, Sendable {
    /// What a map or a variable of the object is given.
    package enum Value: Equatable, Sendable {
        /// A map gets that many entries, a variable that value.
        case number(UInt64)
        /// A map gets as many entries as flows are sent.
        case flows
        /// The object uses the map that is pinned there in place of its own.
        case pinned(String)
    }

    package struct Setting: Equatable, Sendable {
        package let name: String
        package let value: Value
    }

    package let file: String
    /// A section that has one program, or a program's name.
    package let program: String
    /// For sections that do not say it; nil: the section does.
    package let hook: BPFProgramType?
    package let settings: [Setting]

    /// What a report calls it: the last part of the file's path, and the program.
    package var name: String { "\(file.split(separator: "/").last ?? ""):\(program)" }

    package init(_ text: String) throws(ForeignProgramSyntax) {
        let parts = text.split(separator: ",", omittingEmptySubsequences: false)
        guard let colon = parts[0].firstIndex(of: ":"), colon != text.startIndex, parts[0].last != ":" else {
            throw ForeignProgramSyntax("it is not of the form FILE:SECTION[,NAME=VALUE]…")
        }
        file = String(text[..<colon])
        program = String(parts[0][parts[0].index(after: colon)...])
        var hook: BPFProgramType?
        var settings: [Setting] = []
        for part in parts.dropFirst() {
            let (name, value) = try Self.pair(part)
            guard name == "hook" else {
                settings.append(Setting(name: name, value: try Self.value(value, of: name)))
                continue
            }
            hook = BPFProgramType(rawValue: value)
            guard let hook, hook != .other else {
                throw ForeignProgramSyntax("hook takes tc, xdp or xdp.frags, not \(value)")
            }
        }
        self.hook = hook
        self.settings = settings
    }

    private static func pair(_ part: Substring) throws(ForeignProgramSyntax) -> (name: String, value: String) {
        guard let equals = part.firstIndex(of: "="), equals != part.startIndex, part.last != "=" else {
            throw ForeignProgramSyntax("NAME=VALUE follows the section, not \(part)")
        }
        return (String(part[..<equals]), String(part[part.index(after: equals)...]))
    }

    private static func value(_ text: String, of name: String) throws(ForeignProgramSyntax) -> Value {
        if text == "flows" { return .flows }
        if text.hasPrefix("/") { return .pinned(text) }
        let number = text.hasPrefix("0x") ? UInt64(text.dropFirst(2), radix: 16) : UInt64(text)
        guard let number else {
            throw ForeignProgramSyntax("\(name) takes a number, flows, or the path of a pinned map, not \(text)")
        }
        return .number(number)
    }
}

/// What was said of a program cannot be meant.
package struct ForeignProgramSyntax: Error, Equatable, CustomStringConvertible {
    package let description: String

    init(_ description: String) { self.description = description }
}
