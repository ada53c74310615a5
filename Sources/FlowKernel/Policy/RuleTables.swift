// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowVerdict
import Host

/// A policy's rules as the kernel searches them: `weir_policy_mask` and its kin in weir_abi.h.
struct RuleTables {
    private(set) var masks: [weir_policy_mask] = []
    private(set) var tags: [weir_policy_tag] = []
    /// In the order in which they count.
    private(set) var rules: [weir_policy_rule] = []
    let frames: weir_policy_frames

    /// Throws where the kernel has no room for the policy.
    init(_ policy: KernelPolicy, hash: RuleHash) throws(KernelError) {
        frames = weir_policy_frames(policy.etherTypes)
        try Self.refuse(
            policy.rules.count, most: KernelPolicy.mostRules, "rules", "summarise prefixes and ranges of ports")
        let ordered = Self.ordered(policy.rules)
        rules = ordered.map { weir_policy_rule($0) }
        for group in Self.groups(of: ordered) { add(group, hash) }
        try Self.refuse(masks.count, most: KernelPolicy.mostMasks, "masks", "use fewer lengths of prefixes")
        try Self.refuse(tags.count, most: Int(WEIR_POLICY_TAGS), "places", "use fewer rules")
    }

    private static func refuse(_ count: Int, most: Int, _ what: String, _ remedy: String) throws(KernelError) {
        guard count > most else { return }
        throw KernelError(
            .invalid, "cannot load the policy", cause: "it comes to \(count) \(what), and there is room for \(most)",
            remedy: remedy)
    }

    /// What is compared is zero elsewhere, and rules that compare ports do not match fragments whose ports are not known.
    private static func ordered(_ rules: [PolicyRule]) -> [PolicyRule] {
        let places = rules.indices.sorted {
            rules[$0].priority != rules[$1].priority ? rules[$0].priority > rules[$1].priority : $0 < $1
        }
        return places.map { place in
            var rule = rules[place]
            rule.mask.ports &= 0xFFFF_FFFF
            rule.mask.rest &= compared
            if rule.mask.ports != 0 {
                rule.mask.rest |= fragment
                rule.key.rest &= ~fragment
            }
            rule.key = rule.key.masked(by: rule.mask)
            return rule
        }
    }

    private static let fragment = UInt64(PolicyKey.fragmentWithoutFlow) << 24
    /// The set, the protocol, the kind.
    private static let compared = 0xFFFF | 0xFF << 16 | UInt64(PolicyKey.ipv6 | PolicyKey.egress) << 24 | fragment

    /// The rules of one mask, by their places in the order; of those with the same key the first.
    private struct Group {
        let mask: PolicyKey
        var places: [(key: PolicyKey, place: Int)] = []
        var known: Set<PolicyKey> = []

        /// Of the four kinds, those that a rule of its can match.
        var kinds: UInt32 {
            let compared = UInt8(truncatingIfNeeded: mask.rest >> 24)
            return places.reduce(0) { kinds, rule in
                let own = UInt8(truncatingIfNeeded: rule.key.rest >> 24)
                let matched = (0...UInt8(WEIR_POLICY_KIND)).filter {
                    ($0 ^ own) & compared & UInt8(WEIR_POLICY_KIND) == 0
                }
                return matched.reduce(kinds) { $0 | 1 << UInt32($1) }
            }
        }
    }

    /// In the order of their first rules.
    private static func groups(of rules: [PolicyRule]) -> [Group] {
        var groups: [Group] = []
        var indices: [PolicyKey: Int] = [:]
        for (place, rule) in rules.enumerated() {
            let index = indices[rule.mask] ?? groups.count
            if index == groups.count {
                indices[rule.mask] = index
                groups.append(Group(mask: rule.mask))
            }
            if groups[index].known.insert(rule.key).inserted { groups[index].places.append((rule.key, place)) }
        }
        return groups
    }
}

extension RuleTables {
    /// Places its rules by their hashes in a table that is half full, or emptier where a search would get too long.
    private mutating func add(_ group: Group, _ hash: RuleHash) {
        let entries = group.places.map { weir_policy_tag(hash: hash($0.key), rule: UInt32($0.place + 1)) }
        var size = max(1, entries.count * 2)
        var placed = Self.place(entries, size)
        while placed == nil {
            size += size / 4 + 1
            placed = Self.place(entries, size)
        }
        masks.append(
            weir_policy_mask(
                words: group.mask.tuple, best: UInt32(group.places[0].place), tags: UInt32(tags.count),
                size: UInt32(size), kinds: group.kinds))
        tags += placed ?? []
    }

    /// The table, and behind it room for the longest search from its end; nil where a search is longer than the kernel's.
    private static func place(_ entries: [weir_policy_tag], _ size: Int) -> [weir_policy_tag]? {
        var tags = [weir_policy_tag](repeating: weir_policy_tag(), count: size + Int(WEIR_POLICY_PROBES))
        for entry in entries {
            let home = Int((UInt64(entry.hash) * UInt64(size)) >> 32)
            guard let free = (home..<home + Int(WEIR_POLICY_PROBES)).first(where: { tags[$0].rule == 0 }) else {
                return nil
            }
            tags[free] = entry
        }
        return tags
    }
}

extension weir_policy_rule {
    fileprivate init(_ rule: PolicyRule) {
        self.init()
        words = rule.key.tuple
        number = rule.number
        allows = rule.action == .allow ? 1 : 0
        is_stateful = rule.isStateful ? 1 : 0
    }
}

extension PolicyKey {
    fileprivate var tuple: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) {
        (sourceHigh, sourceLow, destinationHigh, destinationLow, ports, rest)
    }
}

extension weir_policy_frames {
    /// `unsafe`: the types are an array that the compiler imports as a tuple.
    fileprivate init(_ etherTypes: [UInt16]) {
        self.init()
        unsafe withUnsafeMutableBytes(of: &ether_types) { bytes in
            for (place, type) in etherTypes.prefix(Int(WEIR_POLICY_ETHER_TYPES)).enumerated() {
                unsafe bytes.storeBytes(of: type, toByteOffset: place * 2, as: UInt16.self)
            }
        }
    }
}
