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
