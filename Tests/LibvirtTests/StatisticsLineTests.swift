// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

@testable import weir_libvirt

@Suite struct StatisticsLineTests {
    private static let machine = Libvirt.Statistics.Machine(name: "in\"1", uuid: "u-1", life: 3)
    private static let figures: [(String, Libvirt.Statistics.Figure)] = [
        ("state.state", .number(1)), ("balloon.rss", .number(42956)), ("net.0.name", .text("tap\\7")),
        ("vcpu.0.delay", .number(18_446_744_073_709_551_615)),
    ]

    private static func line(
        _ figures: [(String, Libvirt.Statistics.Figure)], _ identity: StatisticsLine.Identity? = nil, asks: Bool = true
    ) -> String {
        StatisticsLine(of: machine, identity, figures, time: 1234, asks: asks).json
    }

    @Test func `the line has the machine, whose it is, and its figures under libvirt's names`() throws {
        let xml = """
            <domain><name>in</name><uuid>u-1</uuid><metadata><nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
            <nova:name>web &quot;1&quot;</nova:name><nova:flavor name="m1.small"/><nova:owner>
            <nova:user uuid="aa">anna</nova:user><nova:project uuid="bb">shop</nova:project></nova:owner></nova:instance></metadata></domain>
            """
        let identity = StatisticsLine.Identity(try #require(MachineDocument(xml)))
        #expect(
            Self.line(Self.figures, identity) == #"""
                {"machine":"u-1","domain":"in\"1","instance_name":"web \"1\"","project_id":"bb","project_name":"shop","user_id":"aa",\#
                "user_name":"anna","flavor":"m1.small","life":3,"answered":true,"clock_ms":1234,\#
                "stats":{"state.state":1,"balloon.rss":42956,"vcpu.0.delay":18446744073709551615},"names":{"net.0.name":"tap\\7"}}
                """#)
    }

    @Test func `where the size of the process is missing, QEMU has not answered`() {
        let missed = Self.figures.filter { $0.0 != "balloon.rss" }
        #expect(Self.line(missed).contains(#""answered":false"#))
        #expect(Self.line(missed, asks: false).contains(#""answered":true"#))
        let off = [("state.state", Libvirt.Statistics.Figure.number(5))]
        #expect(Self.line(off).contains(#""answered":true"#))
    }

    @Test func `a line that would be too long has no CPUs`() {
        let cpus = (0..<3000).map { ("vcpu.\($0).delay", Libvirt.Statistics.Figure.number(1_000_000_000)) }
        let line = Self.line(Self.figures + cpus)
        #expect(line.utf8.count < 64 << 10 && line.contains("balloon.rss") && !line.contains("vcpu"))
    }

    @Test func `figures that the monitor does not have are left out`() {
        let wanted = [
            "state.state", "cpu.time", "balloon.rss", "vcpu.maximum", "vcpu.12.wait", "net.count", "net.0.rx.bytes",
            "block.3.fl.reqs",
        ]
        let others = [
            "state", "state.reason", "cpu.user", "cpu.cache.monitor.count", "balloon.last-update", "vcpu.current",
            "vcpu.0.halted",
            "block.0.backingIndex", "dirtyrate.calc_status", "",
        ]
        #expect(wanted.allSatisfy(FigureName.isWanted))
        #expect(!others.contains(where: FigureName.isWanted))
    }

    @Test func `the test driver's machine is told once, with its state`() throws {
        let program = URL(filePath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "weir-libvirt").path
        let text = try ChildProcess.run([program, "--uri", "test:///default", "--once", "--statistics", "1"])
        let lines = text.split(separator: "\n").map(String.init)
        try #require(lines.count == 4)
        #expect(lines[1] == #"{"complete": true}"# && lines[3] == #"{"machines_complete": true}"#)
        let end = lines[2].replacing(/"clock_ms":[0-9]+/, with: "")
        #expect(
            end == #"""
                {"machine":"6695eb01-f6a4-8304-79aa-97f2502e193f","domain":"test","instance_name":"test","life":1,"answered":true,\#
                ,"stats":{"state.state":1},"names":{"mac.testnet0":"aa:bb:cc:dd:ee:ff"}}
                """#)
    }
}
