// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowBench
import FlowKernel
import FlowModel
import FlowTestKit
import Host

/// A namespace that routes from one tap to another, with something that counts on the way, or nothing.
final class RoutingLane {
    let name: String
    private let namespace: NetworkNamespace
    private let entrance: TapDevice
    /// Nobody reads it: when it is full, frames are dropped at the very end.
    private let exit: TapDevice
    private var attachment: TemporaryAttachment?

    static let routerAddress: MACAddress = "02:00:00:00:00:fe"
    static let framesATurn = 100

    /// - Parameters:
    ///   - subject: counts what comes in.
    ///   - isTracking: has the kernel track connections and count their packets.
    init(_ name: String, counting subject: EngineSubject? = nil, tracking isTracking: Bool = false) throws {
        self.name = name
        namespace = try NetworkNamespace("route")
        entrance = try TapDevice("in0", in: namespace)
        exit = try TapDevice("out0", in: namespace)
        try namespace.set(["net/ipv4/ip_forward": "1"])
        try namespace.ip("link set in0 address \(Self.routerAddress)")
        try namespace.addAddress("10.9.255.254/16", to: "in0")
        try namespace.ip("route add 10.8.0.0/16 dev out0")
        try namespace.addNeighbour("10.8.0.1", at: "02:00:00:00:00:01", on: "out0")
        if isTracking { try track() }
        try subject?.withProgram(.tc) { program in
            attachment = try namespace.inside {
                try TemporaryAttachment(program, to: try NetworkInterface.named("in0"))
            }
        }
    }

    /// Connections are tracked where a rule asks for their state.
    private func track() throws {
        try namespace.set(["net/netfilter/nf_conntrack_acct": "1"])
        try namespace.run(["nft", "add table inet t"])
        try namespace.run(["nft", "add chain inet t c { type filter hook forward priority 0; }"])
        try namespace.run(["nft", "add rule inet t c ct state established accept"])
    }

    /// CPU nanoseconds a frame, of the frames from that one on, in a circle.
    func write(_ frames: [TapFrame], from first: Int) throws -> Double {
        let time = try ThreadCPU.time {
            for index in first..<first + Self.framesATurn { try entrance.write(frames[index % frames.count]) }
        }
        return time / .nanoseconds(Self.framesATurn)
    }

    func trackedConnections() throws -> Int {
        let text = try namespace.run(["cat", "/proc/sys/net/netfilter/nf_conntrack_count"])
        return Int(text.filter(\.isNumber)) ?? 0
    }
}
