// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Host
import Testing

extension RealInterfaces {
    /// How ports come and go.
    @Suite struct AttachSuite {
        private let host: NetworkNamespace
        private let guest: NetworkNamespace
        private let installation: TemporaryInstallation

        init() throws {
            host = try NetworkNamespace("host")
            guest = try NetworkNamespace("guest")
            try host.addPair("port0", to: guest, "eth0")
            installation = try TemporaryInstallation()
        }

        @Test(arguments: Way.allCases)
        func detachingLeavesTheInterfaceAsItWasFound(_ way: Way) throws {
            let before = try Footprint("port0", in: host)
            let port = try installation.attach("port0", in: host, way.options)
            #expect(try installation.isAlive(port))
            let programs = try installation.programIDs(of: port)
            #expect(programs.count == 2)
            try installation.detach(port)
            #expect(try Footprint("port0", in: host) == before)
            try waitUntil("nothing holds the programs any more") {
                try programs.allSatisfy { id in
                    try !ChildProcess.outcome(of: ["bpftool", "prog", "show", "id", id]).succeeded
                }
            }
            #expect(try installation.attachedPorts.isEmpty)
            #expect(try installation.pins.filter { $0.hasSuffix("/from") || $0.hasSuffix("/to") }.isEmpty)
        }

        @Test func thePortIsRegisteredAsItWasAttached() throws {
            let options = AttachOptions(role: .uplink, hook: .xdp, xdpMode: .generic)
            let attached = try installation.attach("port0", in: host, options)
            #expect(try installation.attachedPorts == [attached])
            #expect(attached.name == "port0" && attached.role == .uplink && !attached.isClosing)
            #expect(attached.fromHook == .xdp && attached.xdpMode == .generic)
            #expect(try attached.toHook == RealInterfaces.tcHook)
            #expect(attached.interfaceIndex == UInt32(try host.index(of: "port0")))
        }

        @Test func aPortIsAttachedOnce() throws {
            let port = try installation.attach("port0", in: host)
            let refusal = #expect(throws: KernelError.self) { try installation.attach("port0", in: host) }
            #expect(refusal?.code == .busy)
            #expect(
                refusal?.description == """
                    cannot attach to port0: it is attached already, as port \(port.number.rawValue); \
                    detach it first: weir detach port0
                    """)
            #expect(try installation.attachedPorts == [port])
        }

        /// The same name and index in another namespace is another port.
        @Test func interfacesOfSeveralNamespacesAreSeveralPorts() throws {
            let other = try NetworkNamespace("other")
            try other.addPair("port0", to: guest, "eth1")
            let ports = [try installation.attach("port0", in: host), try installation.attach("port0", in: other)]
            #expect(ports[0].number != ports[1].number)
            #expect(try installation.attachedPorts == ports)
        }

        @Test func aPortThatIsNotThereIsNotFound() throws {
            let refusal = #expect(throws: KernelError.self) { try installation.attach("nowhere0", in: host) }
            #expect(refusal?.code == .notFound)
            #expect(
                refusal?.description == """
                    cannot find the port nowhere0: there is no such interface in this network namespace; \
                    list them with: ip link
                    """)
            try expectNothingAttached()
        }

        @Test func aDeviceWithoutEthernetHeadersIsRefused() throws {
            try host.ip("tuntap add dev tun0 mode tun")
            let refusal = #expect(throws: KernelError.self) { try installation.attach("tun0", in: host) }
            #expect(refusal?.code == .unsupported)
            #expect(refusal?.description.contains("cannot attach to tun0: its frames have no Ethernet header") == true)
            try expectNothingAttached()
        }

        /// The way to the port is attached first: its program must go again.
        @Test(arguments: [XDPMode.native, .generic])
        func someoneElsesXDPProgramIsNamedAndLeftAlone(_ mode: XDPMode) throws {
            let foreign = try CompiledProgram(CompiledProgram.passing)
            try foreign.attach(to: "port0", in: host, mode)
            let before = try Footprint("port0", in: host)
            for wanted in [nil, XDPMode.native, .generic] as [XDPMode?] {
                let options = AttachOptions(hook: .xdp, xdpMode: wanted)
                let refusal = #expect(throws: KernelError.self) { try installation.attach("port0", in: host, options) }
                #expect(refusal?.code == .busy)
                #expect(refusal?.description.contains("the XDP program \(CompiledProgram.passingName) (id ") == true)
                #expect(refusal?.description.contains("or use --hook tc") == true)
                #expect(try Footprint("port0", in: host) == before)
                try expectNothingAttached()
            }
            _ = try installation.attach("port0", in: host, AttachOptions(hook: .tc))
        }

        /// By its name alone it cannot be told what it calls.
        @Test func aDispatcherWhoseProgramsAreNotPinnedIsNamedAndLeftAlone() throws {
            let dispatcher = try CompiledProgram("SECTION(\"xdp\") int xdp_dispatcher(void *context) { return 2; }")
            try dispatcher.attach(to: "port0", in: host, .native)
            let before = try Footprint("port0", in: host)
            let refusal = #expect(throws: KernelError.self) {
                try installation.attach("port0", in: host, AttachOptions(hook: .xdp))
            }
            #expect(refusal?.code == .busy)
            let words = "is there, and what it calls is not pinned under /sys/fs/bpf/xdp"
            #expect(refusal?.description.contains(words) == true, "\(refusal?.description ?? "")")
            #expect(try Footprint("port0", in: host) == before)
            try expectNothingAttached()
        }

        /// Native XDP takes a driver that has it; that of macvlan has not.
        @Test func nativeXDPWhereThereIsNoneIsUnsupported() throws {
            try host.ip("link add macvlan0 link port0 type macvlan")
            let before = try Footprint("macvlan0", in: host)
            let refusal = #expect(throws: KernelError.self) {
                try installation.attach("macvlan0", in: host, AttachOptions(hook: .xdp, xdpMode: .native))
            }
            #expect(refusal?.code == .unsupported)
            #expect(refusal?.description.contains("use --xdp-mode generic, or --hook tc") == true)
            #expect(try Footprint("macvlan0", in: host) == before)
            try expectNothingAttached()
            let port = try installation.attach("macvlan0", in: host, AttachOptions(hook: .xdp))
            #expect(port.xdpMode == .generic, "where no mode is asked for, the one that works is taken")
        }

        private func expectNothingAttached() throws {
            #expect(try installation.registeredPorts.isEmpty)
            #expect(try installation.pins.filter { $0.contains("/ports/") }.isEmpty)
        }
    }
}
