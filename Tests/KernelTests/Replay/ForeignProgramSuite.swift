// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowTestKit
internal import Foundation
import Testing

extension Replays {
    /// Objects that others have built are measured as they are.
    @Suite(.serialized) struct ForeignProgramSuite {
        static let pins = "/sys/fs/bpf"
        let object: ForeignObject

        init() throws { object = try ForeignObject() }

        @Test(arguments: [
            ("classifier/counts", BPFProgramType.tc), ("foreign_counts", .tc), ("tcx/ingress", .tc),
            ("xdp_counts", .xdp), ("foreign_first", .tc), ("foreign_second", .tc), ("counts,hook=tc", .tc),
            ("xdp_counts,hook=xdp.frags", .xdpFrags),
        ])
        func `one program is loaded, whatever the others are`(_ program: String, _ type: BPFProgramType) throws {
            let loaded = try object.load("\(program),foreign_flows=flows,foreign_enabled=1")
            #expect(loaded.program.type == type)
            try ForeignObject.send(flows: 50, through: loaded)
            #expect(try loaded.keptFlows() == 50)
        }

        @Test func `a map has the entries that it was given, and is emptied`() throws {
            let loaded = try object.load("classifier/counts,foreign_flows=20,foreign_enabled=1")
            try ForeignObject.send(flows: 50, through: loaded)
            #expect(try loaded.keptFlows() == 20)
            try loaded.empty()
            #expect(try loaded.keptFlows() == 0)
        }

        @Test func `a variable that is not set keeps its value`() throws {
            let loaded = try object.load("classifier/counts,foreign_flows=flows")
            try ForeignObject.send(flows: 50, through: loaded)
            #expect(try loaded.keptFlows() == 0)
        }

        @Test func `maps that ask to be pinned are not`() throws {
            let loaded = try object.load("classifier/counts,foreign_flows=flows")
            for name in ["foreign_flows", "foreign_packets"] {
                #expect(!FileManager.default.fileExists(atPath: "\(Self.pins)/\(name)"))
            }
            withExtendedLifetime(loaded) {}
        }

        @Test func `a pinned map is used in place of the object's own, and not emptied`() throws {
            let pin = "\(Self.pins)/weir-t-\(UUID().uuidString)"
            defer { try? FileManager.default.removeItem(atPath: pin) }
            try ChildProcess.run(
                "bpftool map create \(pin) type hash key 8 value 8 entries 30 name foreign_flows"
                    .split(separator: " ").map(String.init))
            let loaded = try object.load("classifier/counts,foreign_flows=\(pin),foreign_enabled=1")
            try ForeignObject.send(flows: 50, through: loaded)
            try loaded.empty()
            #expect(try loaded.keptFlows() == 30)
            #expect(try loaded.newFlows() == 0)
            #expect(try BPFMap.open(pinnedAt: pin).keyCount() == 30)
        }

        @Test(arguments: [
            (
                "nowhere,foreign_flows=1",
                """
                cannot use foreign.o: it has no program in the section nowhere, nor one of that name; its programs are in the \
                sections classifier/counts, tcx/ingress, xdp_counts, counts, tc, tc, classifier/refused, \
                fentry/foreign_no_such_function, kprobe/foreign_no_such_function
                """
            ),
            (
                "tc,foreign_flows=1",
                "cannot use foreign.o: 2 programs are in the section tc; name one of them: foreign_first, foreign_second"
            ),
            (
                "counts,foreign_flows=1",
                """
                cannot use the program foreign_untyped of foreign.o: its section, counts, does not say which hook it is for; \
                add hook=tc, hook=xdp or hook=xdp.frags
                """
            ),
            (
                "classifier/counts,flows=1",
                """
                cannot set flows of foreign.o: it has no map and no variable of that name; its maps: foreign_events, \
                foreign_flows, foreign_packets; its variables: foreign_enabled, foreign_step
                """
            ),
            (
                "classifier/counts",
                """
                cannot load the program foreign.o: the size of its map foreign_flows is not set; add foreign_flows=flows, or \
                foreign_flows= and a number of entries
                """
            ),
            (
                "classifier/counts,foreign_flows=1,foreign_enabled=256",
                "cannot set the variable foreign_enabled of foreign.o: 256 does not fit into 1 byte"
            ),
            (
                "classifier/counts,foreign_flows=4294967296",
                "cannot size the map foreign_flows of foreign.o: a map has less than 4294967296 entries, not 4294967296"
            ),
            (
                "classifier/counts,foreign_flows=/sys/fs/bpf/weir-t-none",
                "cannot open the pinned map /sys/fs/bpf/weir-t-none: no such file or directory"
            ),
        ])
        func `what an object does not have is refused in one sentence`(_ program: String, _ sentence: String) throws {
            #expect(try object.refusal(of: program) == sentence)
        }

        @Test func `a program that the verifier refuses, or that is for no packets, is refused`() throws {
            let refused = try #require(try object.refusal(of: "classifier/refused,foreign_flows=1"))
            #expect(refused.hasPrefix("cannot load the program foreign.o: "))
            let probe = try #require(try object.refusal(of: "kprobe/foreign_no_such_function,foreign_flows=1"))
            #expect(probe.hasPrefix("cannot measure foreign.o:kprobe/foreign_no_such_function: it is neither a TC nor"))
        }
    }
}
