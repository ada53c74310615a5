// SPDX-License-Identifier: Apache-2.0

import FlowFormats
import FlowModel
import OpenVSwitch
import Yams

extension Setting {
    func truth() throws(ConfigurationError) -> Bool {
        try read("true or false") { ["true": true, "false": false][$0] }
    }

    func count(_ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        try read("a whole number from \(range.lowerBound) to \(range.upperBound)") { text in
            Int(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    /// A part of a whole, from 1% to 100%.
    func share() throws(ConfigurationError) -> Double {
        try read("a percentage from 1 to 100, such as 25 or 25%") { text in
            guard let percent = Int(text.hasSuffix("%") ? text.dropLast() : text[...]), (1...100).contains(percent)
            else {
                return nil
            }
            return Double(percent) / 100
        }
    }

    func duration(_ range: ClosedRange<Duration>) throws(ConfigurationError) -> Duration {
        let limits = "from \(range.lowerBound.configurationText) to \(range.upperBound.configurationText)"
        return try read("whole seconds \(limits), such as 60, 60s, 5m or 1h") { text in
            Duration(configurationText: text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func size(_ range: ClosedRange<Int>, _ limits: String) throws(ConfigurationError) -> Int {
        try read("a size \(limits), such as 75MB") { text in
            byteCount(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    func choice<Value>(
        _ values: [Value], named name: (Value) -> String
    ) throws(ConfigurationError) -> Value {
        let allowed = values.map(name).listed(by: "or")
        return try read(allowed) { text in values.first { name($0) == text } }
    }

    /// A path. In a file it starts at the root, because a daemon has no directory of its own.
    func path() throws(ConfigurationError) -> String {
        try read(place == nil ? "a path" : "a path from the root") { text in
            let rooted = place == nil ? !text.isEmpty : text.hasPrefix("/")
            return rooted && !text.utf8.contains(0) ? text : nil
        }
    }

    /// A path that fits into a `sockaddr_un` (unix(7)).
    func socketPath() throws(ConfigurationError) -> String {
        let path = try path()
        guard path.utf8.count <= 107 else { throw mustBe("a path of at most 107 bytes") }
        return path
    }

    /// A folder with room for the name of a socket in it.
    func runDirectory() throws(ConfigurationError) -> String {
        let path = try path()
        let longest = 107 - 1 - SwitchChoice.socketName.utf8.count
        guard path.utf8.count <= longest else { throw mustBe("a path of at most \(longest) bytes") }
        return path
    }

    func bridge() throws(ConfigurationError) -> String {
        try read("the name of a bridge") { text in
            text.isEmpty || text.contains { $0.isWhitespace || $0 == "/" } ? nil : text
        }
    }

    func bridges() throws(ConfigurationError) -> [String] {
        guard let nodes = node.sequence else { return [try bridge()] }
        var names: [String] = []
        for node in nodes { names.append(try Setting(name: name, node: node, file: place?.file ?? "").bridge()) }
        return names
    }

    func metricsAddress() throws(ConfigurationError) -> MetricsAddress {
        try read("a port, or a numeric address with one, such as 9469, 127.0.0.1:9469 or [::1]:9469") {
            MetricsAddress($0)
        }
    }

    /// A name that can stand in a record, in a file name and as a folder.
    func identifier() throws(ConfigurationError) -> String {
        try read("a name of letters, digits and . _ : - that starts with a letter or digit") { text in
            PortIdentity.isIdentifier(text) ? text : nil
        }
    }

    func pattern() throws(ConfigurationError) -> GlobPattern {
        try read("a pattern of interface names, such as tap*, vnet? or eth[0-3]") { GlobPattern($0) }
    }

    /// AWS's field names with a space between them, whether written so or as a list.
    func fields() throws(ConfigurationError) -> String {
        let names = node.sequence.map { $0.map { $0.scalar?.string ?? "" } } ?? text.map { [$0] } ?? []
        let words = names.flatMap { $0.split(whereSeparator: \.isWhitespace) }
        guard !words.isEmpty, !names.contains("") else { throw mustBe("a list of field names") }
        let list = words.joined(separator: " ")
        do { _ = try AWSField.list(from: list) } catch { throw ConfigurationError(place, "\(name): \(error)") }
        return list
    }

    func ports() throws(ConfigurationError) -> [PortRule] {
        guard let nodes = node.sequence else { throw mustBe("a list of patterns or mappings") }
        var rules: [PortRule] = []
        for node in nodes {
            rules.append(try PortRule(Setting(name: name, node: node, file: place?.file ?? "")))
        }
        return rules
    }
}
