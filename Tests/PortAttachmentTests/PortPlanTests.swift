// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host
import PortAttachment
import Testing

@Suite struct PortPlanTests {
    /// Interfaces whose names begin with "tap" are measured.
    private static func plan(listing interfaces: [NetworkInterface] = [], ports: [UInt32: String] = [:]) -> PortPlan {
        var plan = PortPlan.naming { $0.hasPrefix("tap") }
        _ = plan.take(all: interfaces, ports: ports)
        return plan
    }

    private static func interface(_ name: String, _ index: UInt32) -> NetworkInterface {
        NetworkInterface(name: name, index: index)
    }

    private static func present(_ name: String, _ index: UInt32) -> InterfaceEvent {
        .present(InterfaceFacts(interface: interface(name, index), hardwareType: 1, flags: 0))
    }

    private static func gone(_ index: UInt32) -> InterfaceEvent { .gone(index: index, destination: nil) }

    @Test func `an interface that matches is attached once, whatever is said of it again`() {
        var plan = Self.plan()
        #expect(plan.take(Self.present("tap0", 5)) == [] && plan.hasWaiting)
        #expect(plan.take(Self.present("tap0", 5)) == [])
        #expect(plan.take(Self.present("eth0", 6)) == [])
        #expect(plan.takeWaiting(atMost: 9) == [Self.interface("tap0", 5)])
        #expect(plan.take(Self.present("tap0", 5)) == [])
        #expect(plan.takeWaiting(atMost: 9) == [] && !plan.hasWaiting)
    }

    @Test func `those that came first are attached first, some at a time`() {
        var plan = Self.plan()
        for index in UInt32(1)...5 { _ = plan.take(Self.present("tap\(index)", index)) }
        #expect(plan.takeWaiting(atMost: 2).map(\.index) == [1, 2])
        #expect(plan.takeWaiting(atMost: 9).map(\.index) == [3, 4, 5])
    }

    @Test func `one that goes before its turn is never attached`() {
        var plan = Self.plan()
        _ = plan.take(Self.present("tap0", 5))
        #expect(plan.take(Self.gone(5)) == [.close(5)])
        #expect(plan.takeWaiting(atMost: 9) == [])
    }

    @Test func `one that is gone is closed, whether it matched or not: an operator may have attached it`() {
        var plan = Self.plan(listing: [Self.interface("tap0", 5), Self.interface("eth0", 6)])
        #expect(plan.take(Self.gone(5)) == [.close(5)])
        #expect(plan.take(.gone(index: 6, destination: .init(namespaceID: 1))) == [.close(6)])
        #expect(plan.take(Self.gone(7)) == [.close(7)], "never heard of")
    }

    @Test func `a name or an index that comes back is another interface`() {
        var plan = Self.plan(listing: [Self.interface("tap0", 5)], ports: [5: "tap0"])
        _ = plan.take(Self.gone(5))
        _ = plan.take(Self.present("tap0", 8))
        _ = plan.take(Self.present("tap1", 5))
        #expect(plan.takeWaiting(atMost: 9) == [Self.interface("tap0", 8), Self.interface("tap1", 5)])
    }

    @Test func `a port keeps being one whatever it is called`() {
        var plan = Self.plan(listing: [Self.interface("tap0", 5)], ports: [5: "tap0"])
        for name in ["tap1", "out", "out2", "tap0"] {
            #expect(plan.take(Self.present(name, 5)) == [.rename(Self.interface(name, 5))])
        }
        #expect(!plan.hasWaiting)
    }

    @Test func `an interface that is given a name that matches is attached then`() {
        var plan = Self.plan(listing: [Self.interface("new", 5)])
        #expect(plan.take(Self.present("newer", 5)) == [.rename(Self.interface("newer", 5))], "an operator's port")
        _ = plan.take(Self.present("tap0", 5))
        #expect(plan.takeWaiting(atMost: 9) == [Self.interface("tap0", 5)])
    }

    @Test func `one that is renamed while it waits is attached by its new name, or not at all`() {
        var plan = Self.plan()
        _ = plan.take(Self.present("tap0", 5))
        _ = plan.take(Self.present("tap1", 6))
        _ = plan.take(Self.present("tap9", 5))
        _ = plan.take(Self.present("eth1", 6))
        #expect(plan.takeWaiting(atMost: 9) == [Self.interface("tap9", 5)])
    }

    @Test func `what was detached or refused is not attached under another name either, until it comes anew`() {
        var plan = Self.plan()
        _ = plan.take(Self.present("tap0", 5))
        _ = plan.takeWaiting(atMost: 9)
        _ = plan.take(Self.present("tap1", 5))
        #expect(!plan.hasWaiting)
        _ = plan.take(Self.gone(5))
        _ = plan.take(Self.present("tap1", 5))
        #expect(plan.takeWaiting(atMost: 9) == [Self.interface("tap1", 5)])
    }

    @Test func `a list closes what is not in it, renames what has another name, and attaches what has come`() {
        var plan = Self.plan(
            listing: [1, 2, 3].map { Self.interface("tap\($0)", $0) }, ports: [1: "tap1", 2: "tap2", 3: "tap3"])
        let actions = plan.take(
            all: [Self.interface("tap2", 2), Self.interface("other", 3), Self.interface("tap4", 4)],
            ports: [2: "tap2", 3: "tap3"])
        #expect(actions == [.close(1), .rename(Self.interface("other", 3))])
        #expect(plan.takeWaiting(atMost: 9) == [Self.interface("tap4", 4)])
    }

    @Test func `a list does not attach again what is known and no port: it was detached or refused`() {
        var plan = Self.plan(listing: [Self.interface("tap1", 1)], ports: [1: "tap1"])
        #expect(plan.take(all: [Self.interface("tap1", 1)], ports: [:]) == [])
        #expect(!plan.hasWaiting)
    }

    @Test func `one that was not there under its name when its turn came is new when it is heard of again`() {
        var plan = Self.plan()
        _ = plan.take(Self.present("tap0", 5))
        for interface in plan.takeWaiting(atMost: 9) { plan.forget(interface.index) }
        _ = plan.take(Self.present("tap1", 5))
        #expect(plan.takeWaiting(atMost: 9) == [Self.interface("tap1", 5)])
    }

    private static func reconfigure(
        _ plan: inout PortPlan, _ prefix: String, excluding excluded: String? = nil, changed: Set<String> = []
    ) -> [PortPlan.Action] {
        plan.reconfigure(
            .naming({ $0.hasPrefix(prefix) }, excluding: { $0 == excluded }), changed: { changed.contains($0) })
    }

    @Test func `other rules attach what they name, and drop what they name no more`() {
        var plan = Self.plan(listing: [Self.interface("tap0", 5), Self.interface("tap1", 6), Self.interface("eth0", 7)])
        #expect(plan.takeWaiting(atMost: 9).map(\.name) == ["tap0", "tap1"])
        #expect(Self.reconfigure(&plan, "eth") == [.drop(5), .drop(6)])
        #expect(plan.takeWaiting(atMost: 9).map(\.name) == ["eth0"])
        #expect(Self.reconfigure(&plan, "tap", excluding: "tap1") == [.drop(7)])
        #expect(plan.takeWaiting(atMost: 9).map(\.name) == ["tap0"])
        #expect(Self.reconfigure(&plan, "tap", excluding: "tap1") == [] && !plan.hasWaiting)
    }

    @Test
    func `a port that an earlier daemon had attached is dropped like one of this, and one of an operator's is not`() {
        var plan = Self.plan(
            listing: [Self.interface("tap0", 5), Self.interface("eth0", 7)], ports: [5: "tap0", 7: "eth0"])
        #expect(Self.reconfigure(&plan, "veth") == [.drop(5)])
        #expect(Self.reconfigure(&plan, "eth") == [] && !plan.hasWaiting)
    }

    @Test func `one that is to be attached another way is dropped and attached anew`() {
        var plan = Self.plan(listing: [Self.interface("tap0", 5), Self.interface("tap1", 6)])
        _ = plan.takeWaiting(atMost: 9)
        #expect(Self.reconfigure(&plan, "tap", changed: ["tap1"]) == [.drop(6)])
        #expect(plan.takeWaiting(atMost: 9).map(\.name) == ["tap1"])
    }

    @Test func `what was refused is tried again under other rules, and what an operator detached is not`() {
        var plan = Self.plan(listing: [Self.interface("tap0", 5), Self.interface("tap1", 6)])
        _ = plan.takeWaiting(atMost: 9)
        let isPostponed = plan.postpone(5)
        #expect(!isPostponed)
        #expect(Self.reconfigure(&plan, "tap") == [])
        #expect(plan.takeWaiting(atMost: 9).map(\.name) == ["tap0"])
    }
}
