// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import Glibc
import Host

/// Looks at one port: are its programs on its interface, and are its pins there?
///
/// For a TCX port three system calls: its two hooks are asked which links they have, and the folder of its pins when it was changed.
/// Ports of other hooks take more. The caller has its privileges in force.
struct PortLook {
    /// What is known of a port that was looked at before.
    struct Links: Equatable, Sendable {
        /// Ids of its links.
        var from: UInt32?
        var to: UInt32?
        /// The folder of its pins, as it was when none was missing.
        var folder: FolderState?
    }

    let port: RegisteredPort
    let directory: PinDirectory
    /// Whether its interface was in this thread's network namespace when it was attached: elsewhere the link's word counts.
    let isHere: Bool
    /// The id of the tables' control map.
    let tables: UInt32?
    /// The state of the folder of its pins; nil where there is none.
    let folderState: FolderState?

    private var folder: String { directory.portDirectory(port.number) }

    /// - Parameter links: what is known; the look fills in what is not.
    func faults(_ links: inout Links) -> [PortFault] {
        let isFolderKnown = folderState != nil && links.folder == folderState
        let faults = faults(&links, isFolderKnown: isFolderKnown)
        if !isFolderKnown { links.folder = faults.isEmpty ? folderState?.settled : nil }
        return faults
    }

    private func faults(_ links: inout Links, isFolderKnown: Bool) -> [PortFault] {
        func exists(_ name: String) -> Bool { isFolderKnown || self.exists(name) }
        var faults = [look(.fromPort, &links.from, isFolderKnown), look(.toPort, &links.to, isFolderKnown)].compactMap(
            \.self)
        if faults.contains(.interfaceGone) { return [.interfaceGone] }
        if isHere, !faults.isEmpty, NetworkInterface.name(ofIndex: port.interfaceIndex) == nil {
            return [.interfaceGone]
        }
        if !exists(PortPin.totals.name) { faults.append(.countersUnpinned) }
        if port.hasConnections, !exists(PortPin.connections.name) {
            faults.append(.connectionsUnpinned)
        }
        if !exists(PortPin.fragments.name) { faults.append(.fragmentsUnpinned) }
        if port.fromHook == .xsk, !exists(PortPin.sockets.name) { faults.append(.socketsUnpinned) }
        return faults
    }

    private func exists(_ name: String) -> Bool { unsafe access("\(folder)/\(name)", F_OK) == 0 }

    private func look(_ side: TCHook.Side, _ link: inout UInt32?, _ isFolderKnown: Bool) -> PortFault? {
        let isInPlace: Bool
        switch port.hook(side) {
        case .none, .unobserved: isInPlace = true
        case .clsact: isInPlace = !isHere || TCHook.hasFilter(interfaceIndex: port.interfaceIndex, side: side)
        case .xdpDispatched:
            isInPlace = !isHere || XDPDispatcher(interface: port.interface, tables: tables).isInPlace
        case .fentry: isInPlace = SentFrames.isWhole(in: directory)
        case .tcx: return lookAtTCX(side, &link, isFolderKnown)
        case .xdp: return lookAtLink(side, &link)
        case .xsk:
            if let fault = lookAtLink(side, &link) { return fault }
            isInPlace = !isHere || XSKHook(interface: port.interface, folder: folder).isInPlace
        }
        return isInPlace ? nil : .detached(side)
    }

    /// Asks the interface: a link also lives on where its interface has moved to another namespace, and the index may be
    /// another interface's here.
    private func lookAtTCX(
        _ side: TCHook.Side, _ link: inout UInt32?, _ isFolderKnown: Bool
    ) -> PortFault? {
        if isHere, isFolderKnown, let link,
            TCHook.hasLink(link, interfaceIndex: port.interfaceIndex, side: side)
        {
            return nil
        }
        guard isHere, let there = TCHook.linkIDs(interfaceIndex: port.interfaceIndex, side: side) else {
            return lookAtLink(side, &link)
        }
        guard isFolderKnown || exists(side.link.rawValue) else { return .unpinned(side) }
        if let link, there.contains(link) { return nil }
        guard let pinned = try? Link.open(pinnedAt: side.link.path(in: folder)), let id = pinned.id else {
            return .detached(side)
        }
        // A link that is alive and not here is where its interface is.
        guard there.contains(id) else { return pinned.interfaceIndex == nil ? .detached(side) : .interfaceGone }
        return take(id, &link)
    }

    private func lookAtLink(_ side: TCHook.Side, _ link: inout UInt32?) -> PortFault? {
        guard exists(side.link.rawValue) else { return .unpinned(side) }
        guard let pinned = try? Link.open(pinnedAt: side.link.path(in: folder)), let id = pinned.id,
            let interface = pinned.interfaceIndex, !isHere || interface == port.interfaceIndex
        else { return .detached(side) }
        return take(id, &link)
    }

    private func take(_ id: UInt32, _ link: inout UInt32?) -> PortFault? {
        defer { link = id }
        return link == nil || link == id ? nil : .attachedAnew
    }
}
