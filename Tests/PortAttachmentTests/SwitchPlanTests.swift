// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host
import PortAttachment
import PortDirectory
import Testing
import WeirConfiguration

@Suite("A plan of ports with a switch")
struct SwitchPlanTests {
    private static func present(_ name: String, _ index: UInt32, kind: String? = "tun") -> InterfaceEvent {
        var facts = InterfaceFacts(interface: NetworkInterface(name: name, index: index), hardwareType: 1, flags: 0)
        facts.kind = kind
        return .present(facts)
    }

    /// Interfaces with an index each, and a configuration that names `named*` and excludes `no*`.
    private static func plan(_ interfaces: [(String, UInt32)]) -> PortPlan {
        var plan = PortPlan.naming({ $0.hasPrefix("named") }, excluding: { $0.hasPrefix("no") })
        for (name, index) in interfaces { _ = plan.take(present(name, index)) }
        return plan
    }

    private static let guest = PortFacts(measuring: .whileListed, way: .kernel)

    private static func attached(_ plan: inout PortPlan) -> [String] { plan.takeWaiting(atMost: 99).map(\.name) }

    @Test func `a port is attached when both the kernel and the switch have it, whoever is first`() {
        var plan = Self.plan([("a", 1)])
        #expect(!plan.hasWaiting)
        #expect(plan.take(["a": Self.guest, "b": Self.guest]) == [])
        #expect(Self.attached(&plan) == ["a"])
        #expect(plan.take(Self.present("b", 2)) == [])
        #expect(Self.attached(&plan) == ["b"])
        #expect(plan.take(["a": Self.guest, "b": Self.guest]) == [] && !plan.hasWaiting, "once")
    }

    @Test func `what the switch gives up is released, and is attached again when it takes it up`() {
        var plan = Self.plan([("a", 1), ("b", 2)])
        _ = plan.take(["a": Self.guest, "b": Self.guest])
        #expect(Self.attached(&plan) == ["a", "b"])
        #expect(plan.take(["b": Self.guest]) == [.release(1)])
        #expect(plan.take(["b": Self.guest]) == [])
        _ = plan.take(["a": Self.guest, "b": Self.guest])
        #expect(Self.attached(&plan) == ["a"])
        #expect(plan.take([:]) == [.release(1), .release(2)])
    }

    @Test func `one that is given up before its turn is never attached`() {
        var plan = Self.plan([("a", 1)])
        _ = plan.take(["a": Self.guest])
        #expect(plan.take([:]) == [])
        #expect(Self.attached(&plan) == [])
    }

    @Test func `without a word of who is behind it only a tap or a pair is a guest's`() {
        var plan = Self.plan([])
        let maybe = PortFacts(measuring: .whileListedIfVirtual, way: .kernel)
        for (name, index, kind) in [("tap", 1, "tun"), ("pair", 2, "veth"), ("nic", 3, nil), ("bond", 4, "bond")]
            as [(String, UInt32, String?)]
        {
            _ = plan.take(Self.present(name, index, kind: kind))
        }
        _ = plan.take(["tap": maybe, "pair": maybe, "nic": maybe, "bond": maybe])
        #expect(Self.attached(&plan) == ["tap", "pair"])
        _ = plan.take(["tap": maybe, "pair": maybe, "nic": Self.guest, "bond": maybe])
        #expect(Self.attached(&plan) == ["nic"])
    }

    @Test func `what is no guest's is not attached, nor what the configuration excludes`() {
        var plan = Self.plan([("a", 1), ("not-this", 2)])
        _ = plan.take(["a": PortFacts(measuring: nil, way: .kernel), "not-this": Self.guest])
        #expect(Self.attached(&plan) == [])
    }

    @Test func `what a name asks for stays, whatever the switch says`() {
        var plan = Self.plan([("named1", 1), ("named2", 2)])
        #expect(Self.attached(&plan) == ["named1", "named2"])
        #expect(plan.take(["named1": Self.guest]) == [])
        #expect(plan.take([:]) == [])
        #expect(plan.take(Self.present("other", 2)) == [.rename(NetworkInterface(name: "other", index: 2))])
        #expect(plan.take(["x": Self.guest]) == [] && !plan.hasWaiting)
    }

    @Test func `a port whose frames go another way now is attached anew`() {
        var plan = Self.plan([("a", 1), ("named", 2)])
        _ = plan.take(["a": Self.guest])
        #expect(Self.attached(&plan) == ["named", "a"])
        #expect(plan.way(of: 1) == .kernel && plan.wayByDirectory(of: 1) == .kernel)
        let actions = plan.take([
            "a": PortFacts(measuring: .whileListed, way: .afxdp(.any)),
            "named": PortFacts(measuring: nil, way: .afxdp(.any)),
        ])
        #expect(actions == [.release(1), .release(2)])
        #expect(Self.attached(&plan) == ["a", "named"])
        #expect(plan.way(of: 2) == .afxdp(.any) && plan.wayByDirectory(of: 2) == nil)
    }

    @Test func `what is refused while the switch changes how it reads it is tried again, for a while`() {
        var plan = Self.plan([("a", 1)])
        _ = plan.take(["a": PortFacts(measuring: .whileListed, way: .afxdp(.native))])
        #expect(Self.attached(&plan) == ["a"])
        #expect(!plan.isChanging(1) && !plan.postpone(1), "what does not change is refused once")
        #expect(plan.take(["a": PortFacts(measuring: .whileListed, way: .afxdp(.generic))]) == [.release(1)])
        #expect(plan.isChanging(1))
        for _ in 0..<40 {
            #expect(Self.attached(&plan) == ["a"])
            #expect(plan.postpone(1) && !plan.hasWaiting && plan.hasPostponed)
            plan.resume()
        }
        #expect(Self.attached(&plan) == ["a"])
        #expect(!plan.postpone(1) && !plan.hasWaiting && !plan.hasPostponed)
        #expect(plan.take([:]) == [.release(1)] && !plan.isChanging(1), "given up")
    }

    @Test func `a port with a name that the switch does not know is released`() {
        var plan = Self.plan([("a", 1)])
        _ = plan.take(["a": Self.guest])
        #expect(Self.attached(&plan) == ["a"])
        #expect(
            plan.take(Self.present("b", 1)) == [.rename(NetworkInterface(name: "b", index: 1)), .release(1)])
        _ = plan.take(["b": Self.guest])
        #expect(Self.attached(&plan) == ["b"])
    }

    @Test func `a port that the switch is about to open waits until it has, and stays while that opens it anew`() {
        var plan = Self.plan([("a", 1)])
        let open = PortFacts(measuring: .whileListed, way: .afxdp(.native))
        let opening = PortFacts(measuring: .whileListed, way: .afxdp(.native), isOpening: true)
        #expect(plan.take(["a": opening]) == [] && !plan.hasWaiting)
        #expect(plan.take(["a": open]) == [])
        #expect(Self.attached(&plan) == ["a"])
        #expect(plan.take(["a": opening]) == [])
        #expect(plan.take(["a": open]) == [] && !plan.hasWaiting)
    }

    @Test func `an interface that is deleted and comes again is attached again`() {
        var plan = Self.plan([("a", 1)])
        _ = plan.take(["a": Self.guest])
        #expect(Self.attached(&plan) == ["a"])
        #expect(plan.take(.gone(index: 1, destination: nil)) == [.close(1)])
        _ = plan.take(Self.present("a", 2))
        #expect(Self.attached(&plan) == ["a"])
    }

    @Test func `what an earlier daemon attached is released where the switch has it no more, and only that`() {
        var plan = PortPlan.naming { _ in false }
        let interfaces = ["a", "b", "operators"].enumerated().map { number, name in
            NetworkInterface(name: name, index: UInt32(number + 1))
        }
        let ports: [UInt32: String] = [1: "a", 2: "b", 3: "operators"]
        #expect(plan.take(all: interfaces, ports: ports, ways: [1: .kernel, 2: .kernel]) == [])
        #expect(plan.take(["a": Self.guest]) == [.release(2)])
        #expect(plan.take([:]) == [.release(1)])
        #expect(!plan.hasWaiting)
    }
}
