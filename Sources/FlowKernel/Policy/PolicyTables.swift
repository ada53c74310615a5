// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowModel
import FlowVerdict
import Host

/// The maps of a policy: two generations of rules, and of what holds for each port. Programs read them; the process whose turn it is
/// of the ports writes the generation that is not in force.
///
/// A class, since several hold it. Of fixed size, 14 MB: what is made stays, whatever policy comes.
final class PolicyTables: MapSet {
    let masks: BPFMap
    let tags: BPFMap
    let rules: BPFMap
    let ports: BPFMap
    let frames: BPFMap
    private let mappedMasks: MappedArray<weir_policy_mask>
    private let mappedTags: MappedArray<weir_policy_tag>
    private let mappedRules: MappedArray<weir_policy_rule>
    private let mappedPorts: MappedArray<weir_policy_port>
    private let mappedFrames: MappedArray<weir_policy_frames>

    static func create() throws(KernelError) -> PolicyTables {
        try PolicyTables(
            masks: .create(Layouts.masks), tags: .create(Layouts.tags), rules: .create(Layouts.rules),
            ports: .create(Layouts.ports), frames: .create(Layouts.frames), rights: .readWrite)
    }

    static func open(pinnedIn folder: String, rights: Descriptor.Rights) throws(KernelError) -> PolicyTables {
        func pinned(_ layout: MapLayout) throws(KernelError) -> BPFMap {
            try .open(pinnedAt: "\(folder)/\(layout.name)", layout: layout, rights: rights)
        }
        return try PolicyTables(
            masks: pinned(Layouts.masks), tags: pinned(Layouts.tags), rules: pinned(Layouts.rules),
            ports: pinned(Layouts.ports), frames: pinned(Layouts.frames), rights: rights)
    }

    private init(
        masks: consuming BPFMap, tags: consuming BPFMap, rules: consuming BPFMap, ports: consuming BPFMap,
        frames: consuming BPFMap, rights: Descriptor.Rights
    ) throws(KernelError) {
        mappedMasks = try MappedArray(of: masks, rights: rights)
        mappedTags = try MappedArray(of: tags, rights: rights)
        mappedRules = try MappedArray(of: rules, rights: rights)
        mappedPorts = try MappedArray(of: ports, rights: rights)
        mappedFrames = try MappedArray(of: frames, rights: rights)
        self.masks = masks
        self.tags = tags
        self.rules = rules
        self.ports = ports
        self.frames = frames
    }

    func forEachMap(_ body: (borrowing BPFMap) throws(KernelError) -> Void) throws(KernelError) {
        try body(masks)
        try body(tags)
        try body(rules)
        try body(ports)
        try body(frames)
    }

    private enum Layouts {
        static let masks = mapped(WEIR_MAP_POLICY_MASKS, MemoryLayout<weir_policy_mask>.size, WEIR_POLICY_MASKS)
        static let tags = mapped(WEIR_MAP_POLICY_TAGS, MemoryLayout<weir_policy_tag>.size, tagCount)
        static let rules = mapped(WEIR_MAP_POLICY_RULES, MemoryLayout<weir_policy_rule>.size, WEIR_POLICY_RULES)
        static let ports = mapped(WEIR_MAP_POLICY_PORTS, MemoryLayout<weir_policy_port>.size, WEIR_MAX_PORTS)
        static let frames = mapped(WEIR_MAP_POLICY_FRAMES, MemoryLayout<weir_policy_frames>.size, 1)

        private static func mapped(_ name: String, _ size: Int, _ count: Int32) -> MapLayout {
            MapLayout(
                name: name, type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: size,
                maxEntries: Int(WEIR_GENERATIONS) * Int(count), flags: UInt32(BPF_F_MMAPABLE))
        }
    }

    private static let tagCount = WEIR_POLICY_TAGS
}

extension PolicyTables {
    /// Writes a generation that no program reads.
    func write(_ tables: RuleTables, _ ports: [PortNumber: PortPolicy], generation: Int) {
        mappedMasks.fill(generation, Int(WEIR_POLICY_MASKS), tables.masks, rest: weir_policy_mask())
        mappedTags.fill(generation, Int(WEIR_POLICY_TAGS), tables.tags, rest: weir_policy_tag())
        mappedRules.fill(generation, Int(WEIR_POLICY_RULES), tables.rules, rest: weir_policy_rule())
        mappedFrames[generation] = tables.frames
        for number in 0..<UInt16(WEIR_MAX_PORTS) {
            set(ports[PortNumber(number)], of: PortNumber(number), generation: generation)
        }
    }

    /// What holds for a port in a generation from now on; nil: nothing.
    func set(_ policy: PortPolicy?, of port: PortNumber, generation: Int) {
        let place = generation * Int(WEIR_MAX_PORTS) + Int(port.rawValue)
        mappedPorts[place] = policy.map(weir_policy_port.init) ?? weir_policy_port()
    }

    func policy(of port: PortNumber, generation: Int) -> PortPolicy? {
        PortPolicy(mappedPorts[generation * Int(WEIR_MAX_PORTS) + Int(port.rawValue)])
    }

    /// Those that a generation has something for.
    func ports(generation: Int) -> [PortNumber: PortPolicy] {
        var result: [PortNumber: PortPolicy] = [:]
        for number in 0..<UInt16(WEIR_MAX_PORTS) {
            result[PortNumber(number)] = policy(of: PortNumber(number), generation: generation)
        }
        return result
    }

    func maskCount(generation: Int) -> Int {
        let (base, most) = (generation * Int(WEIR_POLICY_MASKS), Int(WEIR_POLICY_MASKS))
        return (0..<most).first { mappedMasks[base + $0].size == 0 } ?? most
    }

    /// Rules have numbers from 1 on.
    func ruleCount(generation: Int) -> Int {
        let (base, most) = (generation * Int(WEIR_POLICY_RULES), Int(WEIR_POLICY_RULES))
        return (0..<most).first { mappedRules[base + $0].number == 0 } ?? most
    }
}

extension MappedArray {
    /// Writes one of two generations, and behind it something else.
    fileprivate func fill(_ generation: Int, _ room: Int, _ elements: [Element], rest: Element) {
        for place in 0..<room {
            self[generation * room + place] = place < elements.count ? elements[place] : rest
        }
    }
}

extension PortPolicy {
    fileprivate init?(_ port: weir_policy_port) {
        switch UInt32(port.mode) {
        case WEIR_POLICY_AUDIT.rawValue: self.init(set: port.set, mode: .audit)
        case WEIR_POLICY_ENFORCE.rawValue: self.init(set: port.set, mode: .enforce)
        default: return nil
        }
    }
}

extension weir_policy_port {
    fileprivate init(_ policy: PortPolicy) {
        self.init()
        set = policy.set
        mode = UInt8(policy.mode == .enforce ? WEIR_POLICY_ENFORCE.rawValue : WEIR_POLICY_AUDIT.rawValue)
    }
}
