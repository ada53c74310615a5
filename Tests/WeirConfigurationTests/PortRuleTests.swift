// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Testing
import WeirConfiguration

@Suite("Port rule")
struct PortRuleTests {
    @Test(
        "a pattern covers a whole name",
        arguments: [
            ("tap0", "tap0", true), ("tap0", "tap01", false), ("tap0", "xtap0", false), ("tap*", "tap", true),
            ("tap*", "tap-vm.7", true), ("*", "eth0", true), ("tap?", "tap1", true), ("tap?", "tap", false),
            ("tap?", "tap12", false), ("eth[0-3]", "eth3", true), ("eth[0-3]", "eth4", false), ("[!e]*", "eth0", false),
            ("[!e]*", "tap0", true), ("[^e]*", "eth0", false), ("v[ae]th", "veth", true), ("a[]]b", "a]b", true),
            ("a[-z]", "a-", true), ("a[a-]", "a-", true), ("a[*]", "ab", false), ("a[*]", "a*", true),
            ("*a*b", "xaxxab", true), ("*a*b", "xaxxac", false), ("**x", "yyx", true), ("vnet*.?0", "vnet12.a0", true),
            ("über?", "über1", true), ("TAP*", "tap0", false),
        ])
    func pattern(text: String, name: String, matches: Bool) throws {
        #expect(try #require(GlobPattern(text)).matches(name) == matches)
    }

    @Test("a pattern that cannot be one is refused", arguments: ["", "a b", "a/b", "[", "[]", "[a", "x[z-a]", "[!]"])
    func refused(text: String) {
        #expect(GlobPattern(text) == nil)
    }

    @Test("many stars cost no more than the product of the lengths")
    func stars() throws {
        let pattern = try #require(GlobPattern(String(repeating: "*a", count: 200) + "b"))
        #expect(!pattern.matches(String(repeating: "a", count: 2000)))
    }

    @Test("the first rule that matches decides, and what it leaves open holds for all")
    func identity() throws {
        let text = """
            account-id: 111
            region: eu-1
            ports:
              - {match: tap7, account-id: 222, vpc-id: vpc-7}
              - {match: "tap*", role: uplink, region: eu-2, vpc-id: vpc-all}
            """
        let layer = try ConfigurationLayer(
            of: ConfigurationKeys.all, ConfigurationFile(path: "w", content: Data(text.utf8)))
        let configuration = Configuration(layers: [layer], defaultFlowLogID: "fl-0")
        let first = configuration.identity(forPort: "tap7")
        #expect([first.accountID, first.region, first.vpcID] == ["222", "eu-1", "vpc-7"])
        let second = configuration.identity(forPort: "tap8")
        #expect([second.accountID, second.region, second.vpcID] == ["111", "eu-2", "vpc-all"])
        #expect(configuration.rule(forPort: "tap7")?.role == .guest)
        #expect(configuration.rule(forPort: "tap8")?.role == .uplink)
        #expect(configuration.rule(forPort: "eth0") == nil)
        #expect(configuration.identity(forPort: "eth0").accountID == "111")
    }
}
