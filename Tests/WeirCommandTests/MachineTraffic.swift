// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation

/// Traffic at the taps of machines, and whose it is in the records.
extension Site {
    /// Sends pings out of the tap, which nobody answers; returns how many.
    func ping(outOf tap: String, network: Int) throws -> UInt64 {
        let count: UInt64 = 5
        if try !hub.run(["ip", "-oneline", "address", "show", "dev", tap]).contains("10.8.\(network).1") {
            try hub.ip("address add 10.8.\(network).1/24 dev \(tap)")
            try hub.ip("neigh replace 10.8.\(network).2 lladdr 52:54:00:00:00:99 dev \(tap)")
        }
        _ = try hub.outcome(of: ["ping", "-q", "-c", "\(count)", "-i", "0.01", "-W", "1", "10.8.\(network).2"])
        return count
    }

    /// Packets to an address in the records so far, by the machine's identifier, name and project.
    func packetsByName(to address: String) throws -> [[String?]: UInt64] {
        try storedRecords().filter { $0["dstaddr"] == address }.reduce(into: [:]) { sums, line in
            let names = [line["instance-id"], line["instance-name"], line["project-name"]]
            sums[names, default: 0] += try LogLines.number(line, "packets")
        }
    }

    /// What is in the store.
    func storedRecords() throws -> [LogLine] {
        try LogLines.json(try weir("logs", "--since", "1h", "--format", "json"))
    }

    func waitForName(_ name: String, _ tap: String) throws {
        try waitUntil("a window names \(tap) \(name)") {
            try storedRecords().contains { $0["port"] == tap && $0["instance-name"] == name }
        }
    }
}
