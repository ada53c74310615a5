// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowModel
import FlowTestKit
internal import Foundation
import Host
import Testing

extension RealInterfaces {
    /// What is refused before anything is changed, and in what words.
    @Suite struct AFXDPRefusalSuite {
        @Test(arguments: XDPMode.allCases)
        func anotherModeThanTheSwitchsIsRefused(_ mode: XDPMode) throws {
            try AFXDPPath.with(mode) { path in
                for name in AFXDPPath.ports { try path.open(name) }
                let other: XDPMode = mode == .native ? .generic : .native
                try expectRefusal(
                    AttachOptions(hook: .xsk, xdpMode: other), on: path,
                    """
                    cannot attach to port0 in \(other.name) mode: the switch has it open in \(mode.name) mode; \
                    use --xdp-mode \(mode.name), or change the switch's mode first (OVS: options:xdp-mode)
                    """)
                try path.expectToForward()
            }
        }

        @Test(arguments: XDPMode.allCases)
        func someoneElsesProgramIsNamedAndLeftAlone(_ mode: XDPMode) throws {
            try AFXDPPath.with(mode) { path in
                let foreign = try CompiledProgram(CompiledProgram.passing)
                try foreign.attach(to: "port0", in: path.host, mode)
                let id = try #require(try path.program(on: "port0")).id
                try expectRefusal(
                    AttachOptions(hook: .xsk), on: path,
                    """
                    cannot attach to port0: the XDP program somebody_elses (id \(id)) is there, not that of an AF_XDP \
                    socket; take it away first (ip link set dev port0 xdp off), or use --hook tc
                    """)
            }
        }

        /// As another Weir has it, or whoever attaches what libxdp adopts.
        @Test func aProgramThatALinkHoldsIsLeftToItsOwner() throws {
            try AFXDPPath.with(.native) { path in
                for name in AFXDPPath.ports { try path.open(name) }
                let other = try TemporaryInstallation()
                let port = try other.attach("port0", in: path.host, path.options)
                let id = try #require(try path.program(on: "port0")).id
                for hook in [HookChoice.xsk, .auto] {
                    try expectRefusal(
                        AttachOptions(hook: hook), on: path,
                        """
                        cannot attach to port0: the XDP program xsk_def_prog (id \(id)) is there, and another process's link \
                        holds it; detach it with the program that attached it (bpftool link show)
                        """)
                }
                try path.expectToForward()
                try path.host.inside { try other.detach(port) }
                try path.expectToForward()
            }
        }

        @Test func aMapWithoutRoomForAllQueuesIsRefused() throws {
            try AFXDPPath.with(.native) { path in
                try path.host.ip(
                    "link add two0 numrxqueues 2 numtxqueues 2 type veth peer name two1 numrxqueues 2 numtxqueues 2")
                try path.host.run(["ethtool", "-L", "two0", "rx", "2"])
                let small = try CompiledProgram(Self.smallMap)
                try small.attach(to: "two0", in: path.host, .generic)
                try expectRefusal(
                    AttachOptions(hook: .xsk), on: path, port: "two0",
                    """
                    cannot attach to two0: the switch's xsks_map has 1 entry for 2 receive queues; let the switch close \
                    the port, attach, and let it open the port again
                    """)
            }
        }

        /// A process that has a file of that name mapped is all that a look at libxdp's users can see.
        @Test func aLibxdpThatDoesNotAdoptIsRefusedByItsVersion() throws {
            try AFXDPPath.with(.native) { path in
                let folder = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString)")
                try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
                defer { try? FileManager.default.removeItem(at: folder) }
                for (version, isRefused) in [("1.2.0", true), ("1.1.0", true), ("1.2.2", false), ("1.10.0", false)] {
                    let library = folder.appending(path: "libxdp.so.\(version)").path
                    try Data(repeating: 0, count: 4096).write(to: URL(filePath: library))
                    let user = try path.host.start(["python3", "-c", Self.mapping, library])
                    try waitUntil("the file is mapped: \(user.errors)") { user.output == "mapped\n" }
                    if isRefused {
                        try expectRefusal(
                            path.options, on: path,
                            """
                            cannot attach to port0: python3 (pid \(user.pid)) uses libxdp \(version), which adopts no \
                            program that is there; give it libxdp 1.3.0 or later
                            """)
                    } else {
                        try path.detach(try path.attach("port0"))
                    }
                    user.stop()
                }
            }
        }

        /// Throws where the attach does anything but say that sentence.
        private func expectRefusal(
            _ options: AttachOptions, on path: AFXDPPath, port: String = "port0", _ sentence: String,
            sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            let before = try Footprint(port, in: path.host)
            let refusal = #expect(throws: KernelError.self, sourceLocation: sourceLocation) {
                try path.installation.attach(port, in: path.host, options)
            }
            #expect(refusal?.description == sentence, sourceLocation: sourceLocation)
            #expect(try Footprint(port, in: path.host) == before, sourceLocation: sourceLocation)
            #expect(try path.installation.registeredPorts.isEmpty, sourceLocation: sourceLocation)
            #expect(
                try path.installation.pins.filter { $0.contains("/ports/") }.isEmpty, sourceLocation: sourceLocation)
        }

        private static let mapping = """
            import mmap, sys, time
            file = open(sys.argv[1])
            mapped = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            print("mapped", flush=True)
            time.sleep(60)
            """

        /// Called as libxdp's program is, with a map as it has one, of one entry.
        private static let smallMap = """
            static long (*redirect_map)(void *map, unsigned long long key, unsigned long long flags) = (void *)51;
            struct { int (*type)[17]; int (*max_entries)[1]; int (*key_size)[4]; int (*value_size)[4]; }
                xsks_map SECTION(".maps");
            SECTION("xdp") int xsk_def_prog(void *context) { return redirect_map(&xsks_map, 0, 2); }
            """
    }
}
