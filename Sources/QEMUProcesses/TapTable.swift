// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host
import PortDirectory

/// The taps of a network namespace, and whose they are. Pure.
struct TapTable {
    private struct Tap {
        var name: String
        var owner: UInt32?
        var group: UInt32?
    }

    /// By the indices of the interfaces.
    private var taps: [UInt32: Tap] = [:]

    var isEmpty: Bool { taps.isEmpty }

    /// Takes what the kernel says of interfaces. Whether something happened to a tap.
    mutating func take(_ news: [InterfaceFeed.News]) -> Bool {
        news.reduce(false) { isNews, item in
            switch item {
            case .listed(let interfaces):
                taps = [:]
                for facts in interfaces { see(facts) }
                return true
            case .changed(.present(let facts)): return see(facts) || isNews
            case .changed(.gone(let index, _)): return taps.removeValue(forKey: index) != nil || isNews
            }
        }
    }

    @discardableResult
    private mutating func see(_ facts: InterfaceFacts) -> Bool {
        guard facts.kind == "tun" else { return taps.removeValue(forKey: facts.interface.index) != nil }
        taps[facts.interface.index] = Tap(name: facts.interface.name, owner: facts.owner, group: facts.group)
        return true
    }

    /// What is known of each tap that a process has.
    func facts(_ processes: [QEMUProcess]) -> [String: PortFacts] {
        var byName: [String: [Claim]] = [:]
        for process in processes {
            for claim in Self.claims(of: process) { byName[claim.tap, default: []].append(claim) }
        }
        let ofProxmox = processes.filter { $0.line.vmid != nil && $0.credentials.user == 0 }
        var facts: [String: PortFacts] = [:]
        for tap in taps.values {
            var claims = (byName[tap.name] ?? []).filter { Self.isBelievable($0, tap) }
            if let vmid = Self.vmid(tap.name) {
                claims += ofProxmox.filter { $0.line.vmid == vmid }.map {
                    Claim(tap: tap.name, ground: .custom, process: $0)
                }
            }
            facts[tap.name] = claims.max(by: <)?.facts
        }
        return facts
    }

    /// Proxmox calls the taps of machine 100 `tap100i0`, `tap100i1` and so on, also those that it plugs in later.
    private static func vmid(_ tap: String) -> String? {
        tap.wholeMatch(of: /tap([1-9][0-9]{0,8})i[0-9]{1,3}/).map { String($0.1) }
    }

    /// That a process says that a tap is its.
    private struct Claim: Comparable {
        /// The kernel's word counts for more than the command line, and that for more than Proxmox's way to name taps.
        enum Ground: Int { case custom, commandLine, kernel }

        var tap: String
        var ground: Ground
        var process: QEMUProcess
        var address: MACAddress?

        private var order: (Int, UInt64, Int32) { (ground.rawValue, process.started, process.pid) }

        static func < (left: Claim, right: Claim) -> Bool { left.order < right.order }

        static func == (left: Claim, right: Claim) -> Bool { left.order == right.order }

        var facts: PortFacts? {
            guard process.line.instanceID != nil || process.line.name != nil || address != nil else { return nil }
            var facts = PortFacts(address: address)
            facts.identity.instanceID = process.line.instanceID
            facts.identity.instanceName = process.line.name
            return facts
        }
    }

    private static func claims(of process: QEMUProcess) -> [Claim] {
        process.line.cards.compactMap { card in
            switch card.tap {
            case .name(let name):
                Claim(tap: name, ground: .commandLine, process: process, address: card.address)
            case .descriptor(let number):
                process.held[number].map {
                    Claim(tap: $0, ground: .kernel, process: process, address: card.address)
                }
            }
        }
    }

    /// Any user can write a command line: what it says of a tap counts if the process may open it (tun_not_capable in
    /// drivers/net/tun.c). A tap without an owner and a group is open to every user; then only root's counts.
    private static func isBelievable(_ claim: Claim, _ tap: Tap) -> Bool {
        let credentials = claim.process.credentials
        if claim.ground == .kernel || credentials.user == 0 { return true }
        guard tap.owner != nil || tap.group != nil else { return false }
        return (tap.owner.map { $0 == credentials.user } ?? true)
            && (tap.group.map { credentials.groups.contains($0) } ?? true)
    }
}
