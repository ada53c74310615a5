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

    /// What the file says; nil where it says nothing.
    func root() throws(ConfigurationError) -> Setting? { try document.root() }

    /// The file that the flag `--config` names, else `WEIR_CONFIG`, else `/etc/weir/weir.yaml`, which need not exist.
    static func chosen(
        flag: String?, environment: [String: String]
    ) throws(ConfigurationError) -> ConfigurationFile? {
        let variable = environment[environmentVariable].flatMap { $0.isEmpty ? nil : $0 }
        if let named = flag ?? variable { return try ConfigurationFile(path: named) }
        guard FileManager.default.fileExists(atPath: defaultPath) else { return nil }
        return try ConfigurationFile(path: defaultPath)
    }
}
