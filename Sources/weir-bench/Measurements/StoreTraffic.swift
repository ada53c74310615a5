// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowModel
import FlowTestKit

/// Windows of a host with 40 machines, for the store: packets are spread over flows by Zipf's law, as those of the replay are, and 64 flows
/// share a peer's address.
///
/// A flow keeps its addresses, its ports and its rule from window to window; which flows have packets, how many, and when, is drawn anew
/// for each window. Half of the flows come in, half go out.
struct StoreTraffic {
    static let machines = 40
    /// Its interface is asked for by itself.
    static let oneMachine = "tap7"

    let ports: [Port]
    private let packets: Int
    private let isInternet: Bool
    private let law: ZipfLaw
    private let flows: Int
    private var random: SplitMix64
    private static let rules = (0..<6).map { RuleName("web/rule-\($0)") }
    private static let services: [UInt16] = [443, 443, 443, 80, 5432, 6379, 9092, 53]

    /// - Parameter records: of a window, about.
    init(records: Int, seed: UInt64, isInternet: Bool = false) {
        self.isInternet = isInternet
        // With four times as many flows, and three packets a record, about a quarter of the flows has packets.
        flows = records * 4
        packets = records * 7 / 2
        law = ZipfLaw(ranks: flows)
        random = SplitMix64(seed: seed)
        ports = (0..<Self.machines).map { machine in
            Port(
                number: PortNumber(UInt16(machine + 1)), name: "tap\(machine)", role: .guest,
                identity: PortIdentity(
                    accountID: "123456789012", interfaceID: "eni-0a1b2c3d4e5f6\(1000 + machine)",
                    vpcID: "vpc-0a1b2c3d4e5f67890", subnetID: "subnet-0a1b2c3d4e5f6\(1000 + machine / 8)",
                    instanceID: "i-0a1b2c3d4e5f6\(1000 + machine)", region: "local-1", availabilityZoneID: "az1"))
        }
    }

    /// The window that begins at that second, and lasts a minute.
    static func window(at second: Int64) -> Window {
        Window(number: 2, start: UnixTime(seconds: second), end: UnixTime(seconds: second + 60))
    }

    /// The address of a peer, which 64 flows share: of 10.0.0.0/8, as the replay's are, or of the whole internet, in no order.
    func peer(of flow: Int) -> IPAddress {
        guard isInternet else { return IPAddress(v4: 0x0A01_0000 + UInt32(flow / 64)) }
        var mixed = SplitMix64(seed: UInt64(flow / 64))
        return IPAddress(v4: UInt32(truncatingIfNeeded: mixed.next()) | 0x0100_0000)
    }

    /// Calls `body` with each record of a window, in no order.
    mutating func forEachRecord(of window: Window, _ body: (FlowRecord) -> Void) {
        // So that neither machines nor peers come in order.
        let (step, start) = (0x9E37_79B1 | 1, Int(random.next() >> 33))
        for turn in 0..<flows {
            let flow = (start &+ turn &* step) % flows
            let count = packets(of: flow)
            if count > 0 { body(record(flow, packets: count, window)) }
        }
    }

    /// How many packets a flow has: its share of all, rounded to one side or the other by chance.
    private mutating func packets(of flow: Int) -> UInt64 {
        let share = Double(packets) * law.share(of: flow)
        let chance = Double(random.next() >> 11) / Double(1 << 53)
        guard share < 20 else { return UInt64(share * (0.5 + chance)) }
        return UInt64(share + chance)
    }

    private mutating func record(_ flow: Int, packets: UInt64, _ window: Window) -> FlowRecord {
        var fixed = SplitMix64(seed: UInt64(flow) << 8)
        let bits = fixed.next()
        let port = ports[flow % Self.machines]
        let machine = IPAddress(v4: 0x0A00_0000 + UInt32(flow % Self.machines) << 8 + 5)
        let peer = peer(of: flow)
        // One flow in a thousand knocks at a door that is closed.
        let service =
            bits >> 48 & 0x3FF == 0 ? [22, 3389][Int(bits & 1)] : Self.services[Int(bits & 0xFF) % Self.services.count]
        let client = 32_768 + UInt16(bits >> 8 & 0x3FFF)
        let isIn = bits >> 24 & 1 == 0
        let transport = service == 53 ? TransportNumber.udp : TransportNumber.tcp
        let isRefused = service == 22 || service == 3389
        let key = FlowKey(
            port: port.number, direction: isIn ? .ingress : .egress, transport: transport,
            source: isIn ? peer : machine, destination: isIn ? machine : peer,
            sourcePort: client, destinationPort: service)
        let chance = random.next()
        let first = Int64(chance & 0xFFFF) * 59_999 / 65_536
        let length = packets == 1 ? 0 : Int64(chance >> 16 & 0xFFFF) * (59_999 - first) / 65_536
        let size = 60 + (bits >> 32) % 1400
        let isTCP = transport == TransportNumber.tcp
        let rule = Self.rules[isRefused ? 5 : Int(bits >> 28 & 3)]
        let (machineMAC, gateway) = (
            MACAddress(0x5254_0000_0000 + UInt64(flow % Self.machines)), MACAddress(0x5254_00FF_0001)
        )
        return FlowRecord(
            port: port, window: window, key: key,
            count: PacketCount(packets: packets, octets: packets * size + chance >> 54),
            first: window.start.advanced(by: .milliseconds(first)),
            last: window.start.advanced(by: .milliseconds(first + length)),
            tcpControlBits: isTCP ? [0x10, 0x18, 0x1B, 0x02][Int(bits >> 44 & 3)] : 0,
            tcpFlags: isTCP ? [0, 0, 3, 2][Int(bits >> 44 & 3)] : 0, dscp: 0,
            sourceMAC: isIn ? gateway : machineMAC, destinationMAC: isIn ? machineMAC : gateway,
            verdict: isRefused ? .reject(.policy, reason: .policy, rule: rule) : .accept(.policy, rule: rule))
    }
}
