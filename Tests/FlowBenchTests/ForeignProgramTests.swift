// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import Testing

/// What `--program` takes.
@Suite struct ForeignProgramTests {
    @Test func `a file and a section are enough`() throws {
        let program = try ForeignProgram("build/flows.o:classifier/tc_ingress")
        #expect(program.file == "build/flows.o")
        #expect(program.program == "classifier/tc_ingress")
        #expect(program.hook == nil)
        #expect(program.settings.isEmpty)
        #expect(program.name == "flows.o:classifier/tc_ingress")
    }

    @Test func `a section may have colons, a file no comma`() throws {
        let program = try ForeignProgram("a.o:one:two,flows=1")
        #expect(program.program == "one:two")
        #expect(program.settings.count == 1)
        #expect(throws: ForeignProgramSyntax.self) { try ForeignProgram("a,b.o:tc") }
    }

    @Test func `settings keep their order and kind`() throws {
        let program = try ForeignProgram("a.o:tc,hook=xdp.frags,flows=1000000,v4=flows,mask=0xff,v6=/sys/fs/bpf/v6")
        #expect(program.hook == .xdpFrags)
        #expect(program.settings.map(\.name) == ["flows", "v4", "mask", "v6"])
        #expect(
            program.settings.map(\.value) == [.number(1_000_000), .flows, .number(255), .pinned("/sys/fs/bpf/v6")])
    }

    @Test(arguments: [
        ("", "it is not of the form FILE:SECTION[,NAME=VALUE]…"),
        ("a.o", "it is not of the form FILE:SECTION[,NAME=VALUE]…"),
        (":tc", "it is not of the form FILE:SECTION[,NAME=VALUE]…"),
        ("a.o:", "it is not of the form FILE:SECTION[,NAME=VALUE]…"),
        ("a.o:,flows=1", "it is not of the form FILE:SECTION[,NAME=VALUE]…"),
        ("a.o:tc,flows", "NAME=VALUE follows the section, not flows"),
        ("a.o:tc,=1", "NAME=VALUE follows the section, not =1"),
        ("a.o:tc,flows=", "NAME=VALUE follows the section, not flows="),
        ("a.o:tc,", "NAME=VALUE follows the section, not "),
        ("a.o:tc,flows=-1", "flows takes a number, flows, or the path of a pinned map, not -1"),
        ("a.o:tc,flows=1k", "flows takes a number, flows, or the path of a pinned map, not 1k"),
        ("a.o:tc,hook=other", "hook takes tc, xdp or xdp.frags, not other"),
        ("a.o:tc,hook=socket", "hook takes tc, xdp or xdp.frags, not socket"),
    ])
    func `what cannot be meant is refused in one sentence`(_ text: String, _ sentence: String) {
        let error = #expect(throws: ForeignProgramSyntax.self) { try ForeignProgram(text) }
        #expect(error?.description == sentence)
    }
}
