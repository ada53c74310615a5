// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Testing

/// What a policy says of ports; how its file is read is another room's.
@Suite struct PolicyOfPortsTests {
    private static let document = PolicyDocument(
        policy: SecurityPolicy(groups: [
            SecurityGroup(name: "web", rules: [SecurityGroupRule(name: "web/1", direction: .ingress)]),
            SecurityGroup(name: "db", rules: [SecurityGroupRule(name: "db/1", direction: .egress, action: .deny)]),
        ]),
        ports: [
            entry("tap*", groups: ["db"], mode: .enforce), entry("tap1*", groups: ["web"], mode: .audit),
            PolicyPort(subject: .tag("open"), groups: ["web"], mode: .enforce, isForced: true),
        ])

    private static func entry(_ pattern: String, groups: [String], mode: PolicyMode) -> PolicyPort {
        PolicyPort(subject: .pattern(GlobPattern(pattern)!), groups: groups, mode: mode)
    }

    @Test func `a port has the groups of all entries that cover it, and the mode of the first`() throws {
        let one = try #require(Self.document.choice(forPort: "tap10"))
        #expect(one.groups == ["web", "db"] && one.mode == .enforce && !one.isForced)
        let tagged = try #require(Self.document.choice(forPort: "eth0", tags: ["open"]))
        #expect(tagged.groups == ["web"] && tagged.isForced)
        #expect(Self.document.choice(forPort: "eth0") == nil)
    }

    @Test(
        arguments: [
            ("tap2", [], false, PolicyMode.enforce), ("tap2", [], true, .audit), ("tap2", ["open"], true, .enforce),
            ("eth0", [], false, nil),
        ] as [(String, [String], Bool, PolicyMode?)])
    func `on a switch's port a policy is only audited, unless an entry forces it`(
        port: String, tags: [String], isOfSwitch: Bool, mode: PolicyMode?
    ) {
        var compiler = Self.document.compiler()
        let policy = Self.document.policy(ofPort: port, tags: tags, isOfSwitch: isOfSwitch, by: &compiler)
        #expect(policy?.mode == mode)
    }

    @Test func `ports of the same groups share a set, which keeps its number`() {
        var compiler = Self.document.compiler(sets: [["web"], ["db"]])
        func set(_ port: String) -> UInt16? {
            Self.document.policy(ofPort: port, tags: [], isOfSwitch: false, by: &compiler)?.set
        }
        #expect([set("tap2"), set("tap3"), set("tap1")] == [2, 2, 3])
        #expect(compiler.allSets == [["web"], ["db"], ["web", "db"]])
    }

    @Test func `facts count what the policy becomes`() throws {
        let facts = try PolicyFacts(Self.document)
        #expect([facts.groups, facts.rules, facts.entries, facts.enforced] == [2, 2, 3, 2])
    }

    @Test(
        arguments: [("LLDP", 0x88CC), ("llc", 1), ("0x88b5", 0x88B5), ("0x0800", nil), ("2054", nil)]
            as [(String, UInt16?)])
    func `a type of frames has a name or a number`(text: String, type: UInt16?) {
        #expect(EtherTypeName.type(of: text) == type)
    }
}
