// SPDX-License-Identifier: Apache-2.0

import FlowModel
import OpenVSwitch
import PortDirectory
import Testing

@Suite("A port of a switch")
struct SwitchPortTests {
    private static func port(
        type: String = "", externalIDs: [String: String] = [:], isBonded: Bool = false
    ) -> SwitchPort {
        SwitchPort(name: "tap0", bridge: "br0", type: type, externalIDs: externalIDs, isBonded: isBonded)
    }

    @Test(arguments: ["", "system", "tap"])
    func `what the switch reaches through the kernel is a guest's if it is virtual, and for certain with an iface-id`(
        type: String
    ) {
        #expect(Self.port(type: type).way == .kernel)
        #expect(Self.port(type: type).guest == .ifVirtual)
        #expect(Self.port(type: type, externalIDs: ["iface-id": "eni-1"]).guest == .yes)
    }

    @Test(arguments: ["afxdp", "afxdp-nonpmd"])
    func `so is what it reaches by AF_XDP`(type: String) {
        #expect(Self.port(type: type).way == .afxdp(.any))
        #expect(Self.port(type: type).guest == .ifVirtual)
    }

    @Test(arguments: [
        "internal", "patch", "geneve", "vxlan", "gre", "erspan", "stt", "dpdk", "dpdkvhostuser", "dpdkvhostuserclient",
        "something-new",
    ])
    func `all others are no guest's, whatever is noted of them`(type: String) {
        #expect(Self.port(type: type).way == nil)
        #expect(Self.port(type: type, externalIDs: ["iface-id": "eni-1"]).guest == .no)
    }

    @Test func `members of a bond are an uplink, unless somebody said whose they are`() {
        #expect(Self.port(isBonded: true).guest == .no)
        #expect(Self.port(externalIDs: ["iface-id": "eni-1"], isBonded: true).guest == .yes)
    }

    @Test(
        arguments: [
            (["iface-id": "eni-1"], "eni-1", "eni-1"),
            (["iface-id": "eni-1", "vm-uuid": "i-7"], "eni-1", "i-7"),
            (["iface-id": "eni-1", "vm-id": "i-8"], "eni-1", "i-8"),
            (["iface-id": "eni-1", "vm-id": "i-8", "vm-uuid": "i-7"], "eni-1", "i-7"),
            (["vm-uuid": "i-7"], nil, "i-7"),
            ([:], nil, nil),
            // What would break a line into more fields, or a file's name.
            (["iface-id": "eni 1", "vm-uuid": "i/7\n"], nil, nil),
            (["iface-id": "eni-1", "vm-uuid": ""], "eni-1", "eni-1"),
        ] as [([String: String], String?, String?)])
    func `names are those that were noted`(externalIDs: [String: String], interface: String?, instance: String?) {
        let identity = Self.port(externalIDs: externalIDs).identity
        #expect(identity == PortIdentity(interfaceID: interface, instanceID: instance))
    }

    @Test(
        arguments: [
            ("native", .native), ("native-with-zerocopy", .native), ("generic", .generic), ("best-effort", .any),
            (nil, .any),
        ] as [(String?, FrameWay.Mode)])
    func `the mode is what is set, and any that works where none is`(option: String?, mode: FrameWay.Mode) {
        var port = Self.port(type: "afxdp")
        port.options["xdp-mode"] = option
        #expect(port.way == .afxdp(mode))
        port.type = "system"
        #expect(port.way == .kernel)
    }
}
