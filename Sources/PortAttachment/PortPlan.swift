// SPDX-License-Identifier: Apache-2.0

import FlowKernel
package import Host
package import PortDirectory

/// Decides which interfaces are to be attached, closed, renamed and released. A pure state machine: it is told what happens
/// to interfaces and what directories say, and returns what to do.
///
/// An interface is attached at most once in its life: the first time that its name matches. What an operator detaches
/// stays detached, and what was refused stays refused, until it comes anew. A port keeps being one whatever its
/// interface's name becomes, also one that does not match.
///
/// The rules are what the operator says: they name interfaces, or exclude them. What is measured because a directory lists it
/// for a guest's is measured for as long as that is so.
package struct PortPlan: Sendable {
    package enum Action: Equatable, Sendable {
        /// The interface of that index has left: the port on it is closed, if there is one.
        case close(UInt32)
        /// The port on that interface is called so from now on, if there is one.
        case rename(NetworkInterface)
        /// The port on the interface of that index is detached, if there is one.
        case release(UInt32)
        /// The same, because the configuration has none there any more, or another one.
        case drop(UInt32)
    }

    private enum Standing {
        /// Nobody has named it.
        case unwanted
        /// To be attached.
        case waiting
        /// A port, or was one, or was refused.
        case handled
    }

    /// Why an interface is measured.
    private struct Reason {
        var isNamed: Bool
        /// Where a switch has it.
        var way: FrameWay?
    }

    private struct Known {
        var name: String
        var kind: String?
        var standing = Standing.unwanted
        /// nil for what others have attached, which is theirs.
        var reason: Reason?
        /// How often it may be refused before that is believed.
        var refusalsLeft = 0
        /// Whether it could not be attached.
        var isRefused = false
    }

    /// A switch that is told another way to read an interface needs some time for it.
    private static let refusalsOfChanging = 40

    private var rules: PortListing
    private var interfaces: [UInt32: Known] = [:]
    /// Indices in the order in which they came; also of interfaces that wait no longer.
    private var queue: [UInt32] = []
    /// Of interfaces that were refused, and are to be tried again.
    private var postponed: [UInt32] = []
    /// What the directories say; nil until one has said something.
    private var directories: PortListing?
    /// What the rules say, and what they leave open as the directories say.
    private var merged: PortListing

    /// - Parameter rules: what the operator says of interfaces; it counts for more than what directories say.
    package init(_ rules: PortListing) {
        self.rules = rules
        merged = rules
    }

    /// Whether interfaces are to be attached.
    package var hasWaiting: Bool { !queue.isEmpty }

    /// How many are to be attached, at most: some may have gone meanwhile.
    package var waitingCount: Int { queue.count }

    /// How many interfaces there are.
    package var interfaceCount: Int { interfaces.count }

    /// Names of all interfaces that there are.
    package var names: [String] { interfaces.values.map(\.name) }

    /// Whether interfaces are to be attached a little later (`resume`).
    package var hasPostponed: Bool { !postponed.isEmpty }

    /// What a change means.
    package mutating func take(_ event: InterfaceEvent) -> [Action] {
        switch event {
        case .gone(let index, _):
            interfaces[index] = nil
            return [.close(index)]
        case .present(let facts): return see(facts.interface, kind: facts.kind)
        }
    }

    /// Begins anew with all interfaces that there are.
    ///
    /// - Parameters:
    ///   - kinds: of the interfaces, by their indices.
    ///   - ports: names of the ports that are alive, by the indices of their interfaces.
    ///   - ways: of those of them that were attached on the word of a directory alone.
    package mutating func take(
        all interfaces: [NetworkInterface], kinds: [UInt32: String] = [:], ports: [UInt32: String],
        ways: [UInt32: FrameWay] = [:]
    ) -> [Action] {
        let indices = Set(interfaces.map(\.index))
        let gone = self.interfaces.keys.filter { !indices.contains($0) }.sorted()
        for index in gone { self.interfaces[index] = nil }
        return gone.map { .close($0) }
            + interfaces.flatMap { interface in
                guard let port = ports[interface.index] else { return see(interface, kind: kinds[interface.index]) }
                return adopt(interface, kinds[interface.index], port: port, way: ways[interface.index])
            }
    }

    private mutating func adopt(
        _ interface: NetworkInterface, _ kind: String?, port: String, way: FrameWay?
    ) -> [Action] {
        let reason = way.map { Reason(isNamed: rules.names(interface.name), way: $0) }
        interfaces[interface.index] = Known(
            name: interface.name, kind: kind, standing: .handled,
            reason: interfaces[interface.index]?.reason ?? reason)
        let renaming: [Action] = port == interface.name ? [] : [.rename(interface)]
        return renaming + reconsider(interface.index)
    }

    private mutating func see(_ interface: NetworkInterface, kind: String?) -> [Action] {
        guard let known = interfaces[interface.index] else {
            interfaces[interface.index] = Known(name: interface.name, kind: kind)
            return reconsider(interface.index)
        }
        guard known.name != interface.name else { return [] }
        interfaces[interface.index]?.name = interface.name
        let actions = reconsider(interface.index)
        return known.standing == .waiting ? actions : [.rename(interface)] + actions
    }
}

extension PortPlan {
    /// What the directories say now.
    package mutating func take(_ listing: PortListing) -> [Action] {
        directories = listing
        merged = PortListing(merging: [rules, listing])
        return interfaces.keys.sorted().flatMap { reconsider($0) }
    }

    /// Kinds of devices that are made for guests.
    private static let virtualKinds: Set = ["tun", "veth"]

    private func reason(toMeasure known: Known) -> Reason? {
        guard let facts = merged.facts(of: known.name) else { return nil }
        let isVirtual = known.kind.map(Self.virtualKinds.contains) ?? false
        return switch facts.measuring {
        case .always: Reason(isNamed: true, way: facts.way)
        case .whileListed: Reason(isNamed: false, way: facts.way)
        case .whileListedIfVirtual: isVirtual ? Reason(isNamed: false, way: facts.way) : nil
        case .never, nil: nil
        }
    }

    private mutating func reconsider(_ index: UInt32) -> [Action] {
        guard var known = interfaces[index] else { return [] }
        defer { interfaces[index] = known }
        let reason = reason(toMeasure: known)
        // What is attached stays so while the switch opens it anew.
        let reasonNow = directories?.facts(of: known.name)?.isOpening == true ? nil : reason
        switch known.standing {
        case .unwanted, .waiting:
            wait(index, &known, for: reasonNow)
            return []
        case .handled:
            // A directory that has said nothing yet may list it; or it is another's.
            guard directories?.isComplete == true, let old = known.reason else { return [] }
            if let reason, reason.way ?? .kernel == old.way ?? .kernel {
                known.reason?.way = reason.way
                return []
            }
            if reason == nil, old.isNamed { return [] }
            known.standing = .unwanted
            known.refusalsLeft = reason == nil ? 0 : Self.refusalsOfChanging
            wait(index, &known, for: reasonNow)
            return [.release(index)]
        }
    }

    private mutating func wait(_ index: UInt32, _ known: inout Known, for reason: Reason?) {
        if reason != nil, known.standing == .unwanted { queue.append(index) }
        known.reason = reason
        known.standing = reason == nil ? .unwanted : .waiting
    }

    /// Hands out interfaces that are to be attached now, those that have waited longest first. Each comes once.
    package mutating func takeWaiting(atMost count: Int) -> [NetworkInterface] {
        var taken: [NetworkInterface] = []
        while taken.count < count, !queue.isEmpty {
            let index = queue.removeFirst()
            guard let known = interfaces[index], known.standing == .waiting else { continue }
            interfaces[index]?.standing = .handled
            taken.append(NetworkInterface(name: known.name, index: index))
        }
        return taken
    }

    /// Says that the interface of that index was refused. Whether it is tried again: the switch may still be changing how it
    /// reads it.
    package mutating func postpone(_ index: UInt32) -> Bool {
        guard let known = interfaces[index], known.standing == .handled else { return false }
        guard known.refusalsLeft > 0 else {
            interfaces[index]?.isRefused = true
            return false
        }
        interfaces[index]?.refusalsLeft -= 1
        interfaces[index]?.standing = .waiting
        postponed.append(index)
        return true
    }

    /// The interface of that index, which could not be attached, is to be tried again.
    package mutating func retry(_ index: UInt32) {
        guard interfaces[index]?.standing == .handled else { return }
        interfaces[index]?.standing = .waiting
        queue.append(index)
    }

    /// What was postponed is to be attached now.
    package mutating func resume() {
        queue += postponed
        postponed = []
    }

    /// Whether the interface of that index is still measured, but read another way by the switch than when it was attached.
    package func isChanging(_ index: UInt32) -> Bool { (interfaces[index]?.refusalsLeft ?? 0) > 0 }

    /// How the frames of an interface go, where it is measured because of a name or a directory.
    package func way(of index: UInt32) -> FrameWay? { interfaces[index]?.reason?.way }

    /// The same, where it is measured on the word of a directory alone: through the kernel, unless the directory says otherwise.
    package func wayByDirectory(of index: UInt32) -> FrameWay? {
        interfaces[index]?.reason.flatMap { $0.isNamed ? nil : $0.way ?? .kernel }
    }

    /// Whatever is heard of that index next is another interface.
    package mutating func forget(_ index: UInt32) { interfaces[index] = nil }
}

extension PortPlan {
    /// Goes on with other rules.
    ///
    /// A port that the rules before named and these do not is dropped, and so is one that is to be attached another way;
    /// what was refused is tried again. What an operator has attached or detached stays so.
    ///
    /// - Parameter isChanged: whether a port of that name is to be attached another way.
    package mutating func reconfigure(
        _ rules: PortListing, changed isChanged: (String) -> Bool
    ) -> [Action] {
        let before = self.rules
        self.rules = rules
        merged = PortListing(merging: [rules, directories])
        return interfaces.keys.sorted().flatMap { index -> [Action] in
            guard let known = interfaces[index] else { return [] }
            let wasNamed = known.reason != nil || before.names(known.name)
            guard known.standing == .handled, wasNamed || known.isRefused else { return reconsider(index) }
            return reconsiderHandled(index, known, isChanged: isChanged(known.name))
        }
    }

    private mutating func reconsiderHandled(_ index: UInt32, _ known: Known, isChanged: Bool) -> [Action] {
        let reason = reason(toMeasure: known)
        if reason != nil, !isChanged, !known.isRefused {
            interfaces[index]?.reason = known.reason == nil ? nil : reason
            return []
        }
        interfaces[index]?.standing = .unwanted
        interfaces[index]?.isRefused = false
        return (known.isRefused ? [] : [.drop(index)]) + reconsider(index)
    }
}

extension PortListing {
    /// Whether it has an interface of that name measured whatever is said of it later.
    fileprivate func names(_ name: String) -> Bool { facts(of: name)?.measuring == .always }
}
