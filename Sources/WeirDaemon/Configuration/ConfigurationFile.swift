// SPDX-License-Identifier: Apache-2.0

import DurableFiles
package import Foundation

/// A configuration file in YAML.
package struct ConfigurationFile {
    package static let defaultPath = "/etc/weir/weir.yaml"
    /// The variable that names another file.
    package static let environmentVariable = "WEIR_CONFIG"

    private static let name = "the configuration"
    private let document: YAMLDocument

    /// Takes the content of a file; throws if it is not text.
    package init(path: String, content: Data) throws(ConfigurationError) {
        document = try YAMLDocument(Self.name, path: path, content: content)
    }

    /// Reads a file; throws if that fails.
    package init(path: String) throws(ConfigurationError) {
        document = try YAMLDocument(
            Self.name, path: path, .operators, remedy: "name another with --config or WEIR_CONFIG")
    }

    /// What the file says. An empty file says nothing.
    package func layer() throws(ConfigurationError) -> ConfigurationLayer {
        var layer = ConfigurationLayer()
        guard let root = try document.root() else { return layer }
        for (key, setting) in try root.entries(ConfigurationKey.self) { try layer.set(key, to: setting) }
        return layer
    }
}
