// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
internal import Foundation
import Testing

/// Two guests behind taps and one behind a pair, on a bridge of Open vSwitch. All three ports are measured.
///
///     tap0 ┐
///     tap1 ┼─ br0 :host
///     veth0 ┘
///       └── eth0 :guest
///
/// What is sent to an address that no guest has sent from goes to all others.
final class GuestSwitch {
    static let names = ["tap0", "tap1", "veth0"]

    let host: NetworkNamespace
    let guest: NetworkNamespace
    let taps: [TapDevice]
    let installation: TemporaryInstallation
    private let forwarder: Forwarder
    /// In the order of their names.
    private(set) var ports: [RegisteredPort] = []
    private let vSwitch: OpenVSwitch
    private let witness: CaptureWitness
    private let injector: FrameInjector
    /// What each of the guests has received.
    private var received: [[[UInt8]]] = [[], [], []]

    /// Who takes frames from one port to the others.
    enum Forwarder: CustomTestStringConvertible {
        /// The kernel's module.
        case kernel
        /// The switch itself, which reads its ports through AF_XDP.
        case afxdp(XDPMode)

        var testDescription: String {
            switch self {
            case .kernel: "kernel"
            case .afxdp(let mode): "AF_XDP, \(mode.name)"
            }
        }

        fileprivate var options: AttachOptions {
            switch self {
            case .kernel: AttachOptions()
            case .afxdp(let mode): AttachOptions(hook: .xsk, xdpMode: mode)
            }
        }

        fileprivate var portType: OpenVSwitch.PortType {
            switch self {
            case .kernel: .system
            case .afxdp(let mode): .afxdp(mode == .native ? .native : .generic)
            }
        }

        fileprivate var datapath: OpenVSwitch.Datapath {
            switch self {
            case .kernel: .kernel
            case .afxdp: .userspace
            }
        }
    }

    /// Makes a switch for the body and takes it away afterwards, whatever happens.
    ///
    /// - Parameter isAttachedFirst: whether ports are measured before the switch has them.
    static func with(_ forwarder: Forwarder, isAttachedFirst: Bool, _ body: (GuestSwitch) throws -> Void) throws {
        let guests = try GuestSwitch(forwarder)
        // It goes first: a port that it has open can be left only from its namespace.
        defer { guests.vSwitch.close() }
        if isAttachedFirst { try guests.attach() }
        for name in names { try guests.vSwitch.addPort(name, to: "br0", as: forwarder.portType) }
        if !isAttachedFirst { try guests.attach() }
        try body(guests)
    }

    private init(_ forwarder: Forwarder) throws {
        self.forwarder = forwarder
        let host = try NetworkNamespace("host")
        self.host = host
        guest = try NetworkNamespace("guest")
        try host.addPair("veth0", to: guest, "eth0")
        for (name, namespace) in [("veth0", host), ("eth0", guest)] { try namespace.disableOffloads(on: name) }
        taps = try ["tap0", "tap1"].map { try TapDevice($0, in: host) }
        installation = try TemporaryInstallation()
        vSwitch = try OpenVSwitch(in: host)
        witness = try CaptureWitness(on: "eth0", in: guest, direction: .received, longest: 2048)
        injector = try FrameInjector(on: "eth0", in: guest)
        try vSwitch.addBridge("br0", on: forwarder.datapath)
    }

    private func attach() throws {
        ports = try Self.names.map { try installation.attach($0, in: host, forwarder.options) }
    }

    func restartSwitch() throws {
        try vSwitch.exitDaemon()
        try vSwitch.startDaemon()
    }

    /// Has a guest send frames, one when the one before has reached the others: the switch itself takes the first of a flow.
    ///
    /// - Parameter count: as how many each frame arrives.
    func send(_ frames: [TapFrame], from sender: Int, arrivingAs count: Int = 1) throws {
        for frame in frames {
            try taps[sender].write(frame)
            try waitForFrames(count, besides: sender)
        }
    }

    /// The same of the guest behind the pair.
    func sendFromPair(_ frames: [[UInt8]]) throws {
        for frame in frames {
            try injector.send(frame)
            try waitForFrames(1, besides: 2)
        }
    }

    /// Waits until each other guest has received so many more.
    private func waitForFrames(_ count: Int, besides sender: Int) throws {
        let before = received.map(\.count)
        try waitUntil("\(count) frames have reached the others") {
            for (index, tap) in taps.enumerated() { received[index] += try tap.read() }
            received[2] = try witness.frames()
            return received.indices.allSatisfy { $0 == sender || received[$0].count >= before[$0] + count }
        }
    }

    /// What a port has in its records, one direction.
    struct Side: Equatable {
        var totals = PortTotals()
        var flows: [FlowIdentity: ReferenceMeter.Tally] = [:]
    }

    func recorded(_ port: Int, _ direction: Direction) throws -> Side {
        let snapshot = try installation.installation.tables.snapshot()
        let totals = try #require(snapshot.totals[ports[port].number])
        let flows = snapshot.flows.filter { $0.key.port == ports[port].number && $0.key.direction == direction }
        return Side(
            totals: direction == .egress ? totals.egress : totals.ingress,
            flows: Dictionary(
                uniqueKeysWithValues: flows.map { (FlowIdentity($0.key), ReferenceMeter.Tally($0.value)) }))
    }

    /// What the guest has read at its own end, as it must have been counted.
    func receivedCounts(_ port: Int) -> Side { Self.counts(received[port]) }

    func receivedFrames(_ port: Int) -> [[UInt8]] { received[port] }

    /// What frames must be counted as.
    static func counts(_ frames: [[UInt8]]) -> Side {
        var meter = ReferenceMeter()
        for frame in frames { meter.see(frame) }
        return Side(totals: meter.totals, flows: meter.flows)
    }
}

extension GuestSwitch {
    /// TCP, UDP, ICMP and others over IPv4 and IPv6, and some of them in VLANs and service VLANs.
    static let frames: [[UInt8]] = FrameTable.transports.map(\.bytes) + vlans.flatMap(tagged)

    private static let vlans: [[Layer]] = [[.vlan(100)], [.vlan(4094)], [.serviceVLAN(200), .vlan(100)]]

    private static func tagged(_ tags: [Layer]) -> [[UInt8]] {
        var frames: [[UInt8]] = []
        for internet in [Layer.ipv4(), .ipv6()] {
            frames.append(Frame([.ethernet()] + tags + [internet, .udp(from: 1, to: 2), .payload(40)]).bytes)
            frames.append(Frame([.ethernet()] + tags + [internet, .tcp(from: 3, to: 4), .payload(400)]).bytes)
        }
        return frames
    }
}
