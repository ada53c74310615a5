// SPDX-License-Identifier: Apache-2.0

package import DurableFiles
import FlowModel
package import Foundation
import SystemPackage
import Yams

/// A file that an operator wrote in YAML: the configuration, or a policy.
package struct YAMLDocument {
    package let path: String
    /// What it is called in sentences: "the configuration".
    let name: String
    package let text: String

    /// Takes the content of a file; throws if it is not text.
    package init(_ name: String, path: String, content: Data) throws(ConfigurationError) {
        guard let text = String(validating: content, as: UTF8.self) else {
            throw ConfigurationError(
                ConfigurationPlace(file: path, line: lineOfBadText(content)),
                "\(name) must be UTF-8 text; save the file in that encoding")
        }
        self.path = path
        self.name = name
        // The parser does not take a byte order mark.
        self.text = text.unicodeScalars.first == "\u{FEFF}" ? String(text.unicodeScalars.dropFirst()) : text
    }

    /// Reads a file; throws if that fails.
    ///
    /// - Parameters:
    ///   - trust: `operators` where what the file says is done.
    ///   - remedy: what the operator can do then.
    package init(_ name: String, path: String, _ trust: HeldFolder.Trust, remedy: String) throws(ConfigurationError) {
        let content: [UInt8]
        do {
            content = try OperatorFile.read(FilePath(path), trust, limit: Self.longest)
        } catch Errno.fileTooLarge {
            throw ConfigurationError(
                nil, "\(name) \(path) is larger than \(Self.longest >> 20) MiB, which Weir does not read")
        } catch {
            throw ConfigurationError(nil, "cannot read \(name) \(path): \(Self.reason(error)); \(remedy)")
        }
        try self.init(name, path: path, content: Data(content))
    }

    /// Of a file, in bytes: a policy with as many rules as the kernel's tables hold has about 8 MiB.
    static let longest = 16 << 20

    private static func reason(_ error: any Error) -> String {
        guard let reason = error as? Errno else { return "\(error)" }
        return reason.description.prefix(1).lowercased() + reason.description.dropFirst()
    }

    /// What the file says; nil where it says nothing.
    package func root() throws(ConfigurationError) -> Setting? {
        if let (line, problem) = YAMLSyntax.reference(in: text) {
            throw ConfigurationError(ConfigurationPlace(file: path, line: line), problem)
        }
        let node: Node?
        do { node = try compose(yaml: text) } catch { throw syntaxError(error) }
        let setting = node.map { Setting(name: name, node: $0, file: path) }
        return setting?.isEmpty == false ? setting : nil
    }

    // MARK: What goes wrong

    private func syntaxError(_ error: any Error) -> ConfigurationError {
        let (line, problem) = explain(error)
        return ConfigurationError(ConfigurationPlace(file: path, line: line), problem)
    }

    private func explain(_ error: any Error) -> (line: Int, problem: String) {
        switch error as? YamlError {
        case .composer(_?, _, let mark, _):
            (mark.line, "\(name) must be one YAML document, but here a second one begins")
        case .duplicatedKeysInMapping(let keys, let context):
            (context.mark.line, "\(keys.listed(by: "and")) must be given once, but stands here and again further down")
        case let error?:
            YAMLSyntax(text).explain(error) ?? (1, "not valid YAML: \(error)")
        case nil: (1, "not valid YAML: \(error)")
        }
    }
}

/// The line of the first byte that is not UTF-8.
private func lineOfBadText(_ content: Data) -> Int {
    let good = content.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
        .prefix { String(validating: $0, as: UTF8.self) != nil }
    return good.count + 1
}
