// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension Setting {
    package func truth() throws(ConfigurationError) -> Bool {
        try read("true or false") { ["true": true, "false": false][$0] }
    }

    package func count(_ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
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

    func size(_ range: ClosedRange<Int>) throws(ConfigurationError) -> Int {
        let limits = "from \(ByteCountText.text(range.lowerBound)) to \(ByteCountText.text(range.upperBound))"
        return try read("a size \(limits), such as 75MB") { text in
            ByteCountText.bytes(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }

    package func choice<Value>(
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

    /// A name that can stand in a record, in a file name and as a folder.
    package func identifier() throws(ConfigurationError) -> String {
        try read("a name of letters, digits and . _ : - that starts with a letter or digit") { text in
            PortIdentity.isIdentifier(text) ? text : nil
        }
    }

    /// A name as people give it: free text.
    package func displayName() throws(ConfigurationError) -> String {
        try read("a name of 1 to 128 bytes without control characters") { text in
            PortIdentity.isName(text) ? text : nil
        }
    }

    /// Identifiers in a list; a single one is a list of one.
    package func identifiers(_ allowed: String) throws(ConfigurationError) -> [String] {
        guard elements != nil || text != nil else { throw mustBe(allowed) }
        var names: [String] = []
        for setting in elements ?? [self] { names.append(try setting.identifier()) }
        return names
    }
}
