// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import Host
import TapService
import Testing

/// A measured path with monitors beside it: `mon0`, `mon1` on the host, and a remote host that tunnels lead to.
///
///     guest: eth0 ── port0 :host: br0 :host: uplink0 ── eth0 :peer
///                           host: mon0 ── eth0 :monitor, mon1 ── eth1 :monitor
///                           host: wan0 ── eth0 :remote
final class TapRig {
    let path: SwitchedPath
    let monitor: NetworkNamespace
    let remote: NetworkNamespace
    let port: RegisteredPort
    let installation: TemporaryInstallation

    static let here = ("192.0.2.1", "2001:db8::1")
    static let there = ("192.0.2.2", "2001:db8::2")

    init(wanMTU: Int = 9000) throws {
        path = try SwitchedPath()
        monitor = try NetworkNamespace("monitor")
        remote = try NetworkNamespace("remote")
        try path.host.addPair("mon0", to: monitor, "eth0", mtu: 9000)
        try path.host.addPair("mon1", to: monitor, "eth1", mtu: 9000)
        try path.host.addPair("wan0", to: remote, "eth0", mtu: wanMTU)
        for interface in ["mon0", "mon1", "wan0"] { try path.host.disableOffloads(on: interface) }
        try path.host.addAddress("\(Self.here.0)/24", to: "wan0")
        try path.host.addAddress("\(Self.here.1)/64", to: "wan0")
        try remote.addAddress("\(Self.there.0)/24", to: "eth0")
        try remote.addAddress("\(Self.there.1)/64", to: "eth0")
        for address in [Self.there.0, Self.there.1] {
            try path.host.addNeighbour(address, at: try remote.macAddress(of: "eth0"), on: "wan0")
        }
        installation = try TemporaryInstallation()
        port = try installation.attach("port0", in: path.host, AttachOptions(hook: .tc))
    }

    deinit { try? set(TapPlan()) }

    /// The session's rules take everything in both directions, unless they are given.
    func session(
        to interface: String, ingress: [TapRule] = [TapRule(1, .accept)], egress: [TapRule] = [TapRule(1, .accept)]
    ) throws -> TapSession {
        session(.interface(UInt32(try path.host.index(of: interface))), ingress: ingress, egress: egress)
    }

    func session(
        _ destination: TapDestination, ingress: [TapRule] = [TapRule(1, .accept)],
        egress: [TapRule] = [TapRule(1, .accept)]
    ) -> TapSession {
        var session = TapSession(to: destination)
        session.ingress = ingress
        session.egress = egress
        return session
    }

    /// The port is the source of all of them, in that order; their accounts are numbered likewise.
    func set(_ sessions: [TapSession], carriers: Set<PortNumber> = []) throws {
        var plan = TapPlan()
        plan.sessions = sessions
        plan.uses = [port.number: sessions.indices.map { TapUse(session: $0, account: $0) }]
        plan.carriers = carriers
        try set(plan)
    }

    func set(_ plan: TapPlan) throws { try path.host.inside { try installation.installation.setTaps(plan) } }

    func counts(of account: Int = 0) throws -> DirectionTapCounts {
        try #require(try installation.installation.tapCounts(of: [account])[account])
    }

    /// Frames that arrive at a monitor.
    func witness(_ interface: String) throws -> CaptureWitness {
        try CaptureWitness(on: interface, in: monitor, direction: .received, longest: 9018)
    }

    /// All that the port has seen, in both directions.
    var seen: DirectionTotals {
        get throws { try #require(try installation.installation.tables.lifetimeTotals(of: port)) }
    }

    /// Frames in any order, each as often as it is there.
    static func counted(_ frames: some Sequence<[UInt8]>) -> [[UInt8]: Int] {
        frames.reduce(into: [:]) { $0[$1, default: 0] += 1 }
    }

    /// Waits until that many frames have come. All that have come by then: the account tells how many there must be.
    func frames(_ witness: CaptureWitness, _ count: Int) throws -> [[UInt8]] {
        try waitUntil("\(count) copies have arrived") { try witness.frames().count >= count }
        return try witness.stop()
    }
}
