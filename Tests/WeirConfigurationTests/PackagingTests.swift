// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Testing
import WeirConfiguration

@Suite("Packaging")
struct PackagingTests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("the packaged configuration is one that Weir takes")
    func example() throws {
        // Not by its path: whoever tests may not be who checked it out.
        let url = root.appending(path: "packaging/weir.yaml")
        let file = try ConfigurationFile(path: url.path, content: Data(contentsOf: url))
        let configuration = Configuration(
            layers: [try ConfigurationLayer(of: ConfigurationKeys.all, file)], defaultFlowLogID: "fl-0")
        #expect(configuration.ports.map(\.pattern.text) == ["tap7", "tap*", "vnet*"])
        #expect(configuration.logDirectory == "/var/log/weir")
    }

    @Test("the page on configuration shows the packaged one, and has the tables of its keys")
    func documentation() throws {
        let page = try String(contentsOf: root.appending(path: "docs/configuration.md"), encoding: .utf8)
        let example = try String(contentsOf: root.appending(path: "packaging/weir.yaml"), encoding: .utf8)
        let body = example.split(separator: "\n\n", maxSplits: 1)[1]
        #expect(page.hasSuffix("```yaml\n\(body)```\n"))
        let tables = [
            ConfigurationKeys.markdown, ConfigurationKeys.markdownOfPorts, ConfigurationKeys.markdownOfProviders,
            ConfigurationKeys.markdownOfSinks, ConfigurationKeys.markdownOfNetworks,
        ]
        for table in tables {
            #expect(page.contains("\n\n\(table)\n"), "the page's table must be:\n\(table)")
        }
    }
}
