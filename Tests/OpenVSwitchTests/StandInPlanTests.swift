// SPDX-License-Identifier: Apache-2.0

import FlowModel
import OpenVSwitch
import Testing

@Suite struct StandInPlanTests {
    private static let address = "02:00:00:00:00:0a"

    /// Two ports of AF_XDP and the bridge's own.
    private static func ports(_ others: [SwitchPort] = []) -> SwitchPorts {
        let guest = SwitchPort(name: "a", bridge: "br0", type: "afxdp", externalIDs: ["attached-mac": address])
        let uplink = SwitchPort(name: "b", bridge: "br0", type: "afxdp")
        let own = SwitchPort(name: "br0", bridge: "br0", type: "internal")
        return SwitchPorts(bridges: ["br0", "br1"], ports: [guest, uplink, own] + others)
    }

    private static func plan(
        _ ports: SwitchPorts = ports(), measured: Set<String> = ["a", "b"], unobserved: Set<String> = ["a"],
        up: Set<String> = []
    ) -> StandInPlan {
        StandInPlan(ports, measured: measured, unobserved: unobserved, isUp: up.contains)
    }

    @Test func `records stand in where every port of the bridge is measured`() {
        let plan = Self.plan()
        #expect(plan.covered == ["a"] && plan.missing == [])
        #expect(plan.standIn(of: "a") == StandIn(bridge: "br0", address: MACAddress(0x0200_0000_000a)))
        #expect(plan.standIn(of: "b") == StandIn(bridge: "br0"))
    }

    @Test func `a port that is not measured keeps them from it, the bridge's own while it is up`() {
        let tunnel = SwitchPort(name: "vx0", bridge: "br0", type: "vxlan")
        for plan in [
            Self.plan(measured: ["a"]), Self.plan(Self.ports([tunnel])), Self.plan(up: ["br0"]),
        ] {
            #expect(plan.covered == [] && plan.missing.count == 1)
            #expect(plan.standIn(of: "a") == nil && plan.standIn(of: "b") == nil)
        }
        #expect(Self.plan(Self.ports([tunnel])).missing == ["vx0"])
        let elsewhere = SwitchPort(name: "c", bridge: "br1")
        #expect(Self.plan(Self.ports([elsewhere])).covered == ["a"])
    }

    @Test func `without the machine's address nothing can be told to be for it`() {
        let plan = Self.plan(unobserved: ["a", "b"])
        #expect(plan.covered == ["a"])
        #expect(plan.missing == ["the address (attached-mac) of b"])
    }

    @Test func `where all is observed nothing is wanted`() {
        let plan = Self.plan(unobserved: [])
        #expect(plan.covered == [] && plan.missing == [] && plan.standIn(of: "a") == nil)
    }

    @Test(arguments: [
        "", "02:00:00:00:00", "02:00:00:00:00:0g", "02:00:00:00:00:0a:0b", "2:0:0:0:0:a", "+2:00:00:00:00:0a",
    ])
    func `what is no address is none`(text: String) {
        let port = SwitchPort(name: "a", bridge: "br0", externalIDs: ["attached-mac": text])
        #expect(port.attachedAddress == nil)
    }
}
