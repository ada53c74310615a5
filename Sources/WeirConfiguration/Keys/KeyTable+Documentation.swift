// SPDX-License-Identifier: Apache-2.0

extension KeyTable {
    /// The table's rows in Markdown, as the documentation has them.
    ///
    /// - Parameter defaults: a root with the default of every key.
    package func markdown(defaults: Root) -> String {
        let hasSources = keys.contains { $0.flag != nil || $0.variable != nil }
        let head =
            hasSources ? ["key", "default (bounds)", "flag, variable", "reload", "what"] : ["key", "default", "what"]
        let rows = keys.map { key in
            let sources = [key.flagText, key.variable].compactMap { $0.map { "`\($0)`" } }.joined(separator: ", ")
            let middle = hasSources ? [sources, key.reload.cell] : []
            return ["`\(key.name)`", key.defaultCell(defaults)] + middle + [key.documentation.text]
        }
        let lines = [head, head.map { _ in "---" }] + rows
        return lines.map { "| \($0.joined(separator: " | ")) |".replacing("|  |", with: "| |") }
            .joined(separator: "\n") + "\n"
    }
}

extension ConfigurationKey {
    fileprivate func defaultCell(_ defaults: Root) -> String {
        let text = documentation.defaultText ?? value(defaults).map { "`\($0.yaml)`" } ?? "none"
        return documentation.limits.map { "\(text) (\($0))" } ?? text
    }

    /// The help of the key's flag: its own sentence, the variable and the default.
    package func help(defaults: Root) -> String? {
        guard let flag else { return nil }
        let defaultText = documentation.defaultText?.replacing("`", with: "") ?? value(defaults)?.yaml
        let facts = [variable, flag.kind == .truth ? nil : defaultText].compactMap(\.self)
        return facts.isEmpty ? "\(flag.help)." : "\(flag.help) (\(facts.joined(separator: ", ")))."
    }
}
