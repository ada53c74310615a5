// SPDX-License-Identifier: Apache-2.0

package import Foundation
import Yams

/// A configuration file in YAML.
package struct ConfigurationFile {
    package static let defaultPath = "/etc/weir/weir.yaml"
    /// The variable that names another file.
    package static let environmentVariable = "WEIR_CONFIG"

    package let path: String
    private let text: String

    /// Takes the content of a file; throws if it is not text.
    package init(path: String, content: Data) throws(ConfigurationError) {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw ConfigurationError(
                ConfigurationPlace(file: path, line: lineOfBadText(content)),
                "the configuration must be UTF-8 text; save the file in that encoding")
        }
        self.path = path
        // The parser does not take a byte order mark.
        self.text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }

    /// Reads a file; throws if that fails.
    package init(path: String) throws(ConfigurationError) {
        let content: Data
        do { content = try Data(contentsOf: URL(fileURLWithPath: path)) } catch {
            throw ConfigurationError(
                nil,
                "cannot read the configuration \(path): \(systemReason(error)); name another with --config or WEIR_CONFIG"
            )
        }
        try self.init(path: path, content: content)
    }

    /// What the file says. An empty file says nothing.
    package func layer() throws(ConfigurationError) -> ConfigurationLayer {
        var layer = ConfigurationLayer()
        guard let root = try root() else { return layer }
        for (key, setting) in try root.entries(ConfigurationKey.self) { try layer.set(key, to: setting) }
        return layer
    }

    private func root() throws(ConfigurationError) -> Setting? {
        let node: Node?
        do { node = try compose(yaml: text) } catch { throw syntaxError(error) }
        let setting = node.map { Setting(name: "the configuration", node: $0, file: path) }
        return setting?.isEmpty == false ? setting : nil
    }
}

// MARK: What goes wrong

extension ConfigurationFile {
    private func syntaxError(_ error: any Error) -> ConfigurationError {
        let (line, problem) = explain(error)
        return ConfigurationError(ConfigurationPlace(file: path, line: line), problem)
    }

    private func explain(_ error: any Error) -> (line: Int, problem: String) {
        switch error as? YamlError {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _):
            (mark.line, "not valid YAML: \(problem)")
        case .composer(nil, let problem, let mark, _):
            (mark.line, "not valid YAML: \(problem)")
        case .composer(_, _, let mark, _):
            (mark.line, "the configuration must be one YAML document, but here a second one begins")
        case .reader(let problem, let offset, _, let yaml):
            (1 + yaml.prefix(offset ?? 0).count(where: \.isNewline), "not valid YAML: \(problem)")
        case .duplicatedKeysInMapping(let keys, let context):
            (context.mark.line, "\(keys.listed(by: "and")) must be given once, but stands here and again further down")
        default:
            (1, "not valid YAML: \(error)")
        }
    }
}

/// The line of the first byte that is not UTF-8.
private func lineOfBadText(_ content: Data) -> Int {
    let good = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .prefix { String(validating: $0, as: UTF8.self) != nil }
    return good.count + 1
}
