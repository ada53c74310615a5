// SPDX-License-Identifier: Apache-2.0

package import FlowModel

extension Setting {
    package func pattern() throws(ConfigurationError) -> GlobPattern {
        try read("a pattern of interface names, such as tap*, vnet? or eth[0-3]") { GlobPattern($0) }
    }
}

extension ValueForm<GlobPattern> {
    static var pattern: Self {
        Self(read: { setting throws(ConfigurationError) in try setting.pattern() }, write: { .text($0.text) })
    }
}

extension ValueForm<[GlobPattern]> {
    /// A pattern, or a list of them.
    static var patterns: Self {
        Self(
            read: { setting throws(ConfigurationError) in
                var patterns: [GlobPattern] = []
                for setting in setting.elements ?? [setting] { patterns.append(try setting.pattern()) }
                return patterns
            },
            write: { patterns in
                let shown = patterns.map { ConfigurationValue.text($0.text) }
                return shown.count > 1 ? .list(shown) : shown.first
            })
    }
}
