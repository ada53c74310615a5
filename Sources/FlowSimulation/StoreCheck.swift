// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit

/// Whether all that a simulated host's kernels counted is in its store, once.
struct StoreCheck {
    private var violations: [String] = []
    /// Rows by installation and window.
    private var flows: [[UInt64]: [[UInt64]: PacketCount]] = [:]
    private var skipped: [UInt16: PacketCount] = [:]
    /// By port, that SKIPDATA must say.
    private var missing: [UInt16: PacketCount] = [:]
    /// By port, that SKIPDATA may say: of parts that were not released when the host crashed.
    private var doubtful: [UInt16: PacketCount] = [:]
    private var windowsGivenUp = 0

    static func violations(_ host: SimulatedHost, _ stored: StoredWindows) -> [String] {
        var check = StoreCheck()
        check.gather(stored)
        for (place, kernel) in host.kernels.enumerated() {
            check.compare(kernel, isLast: place == host.kernels.count - 1)
        }
        for (window, _) in check.flows { check.violations.append("window \(window) was never counted") }
        check.compareSkipped()
        if check.windowsGivenUp > 0, host.plan.journalBound == .max {
            check.violations.append(
                "\(check.windowsGivenUp) windows are not in the store, although the journal has room")
        }
        return check.violations
    }

    private mutating func gather(_ stored: StoredWindows) {
        for contents in stored.rows.values {
            for row in contents.first ?? [] {
                switch row.kind {
                case .flow:
                    let window = [row.installation, UInt64(row.window)]
                    if flows[window, default: [:]].updateValue(row.count, forKey: row.flow) != nil {
                        violations.append("twice in the store: \(row)")
                    }
                case .skipData: skipped[row.port, default: .zero] += row.count
                case .noData, .unparsed: break
                }
            }
        }
    }

    private mutating func compare(_ kernel: SimulatedKernel, isLast: Bool) {
        for (window, parts) in Dictionary(grouping: kernel.parts.values, by: \.window) {
            let found = flows.removeValue(forKey: [kernel.installation, UInt64(window)]) ?? [:]
            let safe = Counted(parts.filter(\.isReleased))
            let most = Counted(parts.filter { $0.isReleased || $0.isClosed && !isLast })
            if let rest = most.rest(of: found, atLeast: safe) {
                // Of a part that was being written when the host crashed, what is missing may be said.
                note(safe.overflow, atMost: most.overflow.merging(rest, uniquingKeysWith: +))
            } else if found.isEmpty {
                // Its flows were given up: SKIPDATA says how much they were.
                windowsGivenUp += 1
                note(safe.all, atMost: most.all)
            } else {
                violations.append(
                    "window \(window) of \(kernel.installation) is not what was counted: \(safe.difference(to: found))")
            }
        }
    }

    private mutating func note(_ overflow: [UInt16: PacketCount], atMost most: [UInt16: PacketCount]) {
        for (port, count) in overflow { missing[port, default: .zero] += count }
        for (port, count) in most { doubtful[port, default: .zero] += count - (overflow[port] ?? .zero) }
    }

    private mutating func compareSkipped() {
        for port in Set(skipped.keys).union(missing.keys) {
            let said = skipped[port] ?? .zero
            let least = missing[port] ?? .zero
            let most = least + (doubtful[port] ?? .zero)
            guard
                said.packets < least.packets || said.packets > most.packets || said.octets < least.octets
                    || said.octets > most.octets
            else { continue }
            violations.append("SKIPDATA at port \(port) says \(said), and \(least) to \(most) are missing")
        }
    }
}

/// What some parts of one window add up to.
private struct Counted {
    private(set) var flows: [[UInt64]: PacketCount] = [:]
    private(set) var overflow: [UInt16: PacketCount] = [:]

    init(_ parts: [SimulatedKernel.Part]) {
        for part in parts {
            for (key, count) in part.flows {
                flows[
                    [key.source.high, key.source.low, UInt64(key.port.rawValue), UInt64(key.sourcePort)], default: .zero
                ] +=
                    count
            }
            for (port, count) in part.overflow { overflow[port.rawValue, default: .zero] += count }
        }
    }

    /// By port, of flows and of what is in none.
    var all: [UInt16: PacketCount] {
        flows.reduce(into: overflow) { $0[UInt16($1.key[2]), default: .zero] += $1.value }
    }

    /// What is missing by port, where all is there that is safe, and no more than was counted; else nil.
    func rest(of found: [[UInt64]: PacketCount], atLeast safe: Counted) -> [UInt16: PacketCount]? {
        guard found.keys.allSatisfy({ flows[$0] != nil }) else { return nil }
        var rest: [UInt16: PacketCount] = [:]
        for (key, count) in flows {
            let there = found[key] ?? .zero
            guard there == count || there == safe.flows[key] ?? .zero else { return nil }
            rest[UInt16(key[2]), default: .zero] += count - there
        }
        return rest
    }

    func difference(to found: [[UInt64]: PacketCount]) -> String {
        let keys = Set(flows.keys).union(found.keys).filter { flows[$0] != found[$0] }
        return keys.sorted { $0.lexicographicallyPrecedes($1) }.prefix(3).map { key in
            "flow \(key[3]) at port \(key[2]): counted \(flows[key]?.packets ?? 0), found \(found[key]?.packets ?? 0)"
        }.joined(separator: "; ")
    }
}
