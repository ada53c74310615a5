// SPDX-License-Identifier: Apache-2.0

package import FlowKernel

/// Decides which interfaces are to be attached, closed and renamed. A pure state machine: it is told what happens to
/// interfaces and returns what to do.
///
/// An interface is attached at most once in its life: the first time that its name matches. What an operator detaches
/// stays detached, and what was refused stays refused, until it comes anew. A port keeps being one whatever its
/// interface's name becomes, also one that does not match.
package struct PortPlan: Sendable {
    package enum Action: Equatable, Sendable {
        /// The interface of that index has left: the port on it is closed, if there is one.
        case close(UInt32)
        /// The port on that interface is called so from now on, if there is one.
        case rename(NetworkInterface)
    }

    private enum Standing {
        /// Its name has never matched.
        case unwanted
        /// To be attached.
        case waiting
        /// A port, or was one, or was refused.
        case handled
    }

    private struct Known {
        var name: String
        var standing: Standing
    }

    private let matches: @Sendable (String) -> Bool
    private var interfaces: [UInt32: Known] = [:]
    /// Indices in the order in which they came; also of interfaces that wait no longer.
    private var queue: [UInt32] = []

    /// - Parameter matches: whether an interface of that name is to be measured.
    package init(matching matches: @escaping @Sendable (String) -> Bool) { self.matches = matches }

    /// Whether interfaces are to be attached.
    package var hasWaiting: Bool { !queue.isEmpty }

    /// What a change means.
    package mutating func take(_ event: InterfaceEvent) -> [Action] {
        switch event {
        case .gone(let index, _):
            interfaces[index] = nil
            return [.close(index)]
        case .present(let facts): return see(facts.interface)
        }
    }

    /// Begins anew with all interfaces that there are.
    ///
    /// - Parameter ports: names of the ports that are alive, by the indices of their interfaces.
    package mutating func take(all interfaces: [NetworkInterface], ports: [UInt32: String]) -> [Action] {
        let indices = Set(interfaces.map(\.index))
        let gone = self.interfaces.keys.filter { !indices.contains($0) }.sorted()
        for index in gone { self.interfaces[index] = nil }
        return gone.map { .close($0) } + interfaces.flatMap { adopt($0, port: ports[$0.index]) }
    }

    private mutating func adopt(_ interface: NetworkInterface, port: String?) -> [Action] {
        guard let port else { return see(interface) }
        interfaces[interface.index] = Known(name: interface.name, standing: .handled)
        return port == interface.name ? [] : [.rename(interface)]
    }

    private mutating func see(_ interface: NetworkInterface) -> [Action] {
        guard var known = interfaces[interface.index] else {
            interfaces[interface.index] = Known(name: interface.name, standing: .unwanted)
            decide(interface)
            return []
        }
        guard known.name != interface.name else { return [] }
        known.name = interface.name
        interfaces[interface.index] = known
        if known.standing == .handled { return [.rename(interface)] }
        decide(interface)
        return known.standing == .unwanted ? [.rename(interface)] : []
    }

    /// Of an interface that nothing was done with yet.
    private mutating func decide(_ interface: NetworkInterface) {
        let isWanted = matches(interface.name)
        interfaces[interface.index]?.standing = isWanted ? .waiting : .unwanted
        if isWanted { queue.append(interface.index) }
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

    /// Whatever is heard of that index next is another interface.
    package mutating func forget(_ index: UInt32) { interfaces[index] = nil }
}
