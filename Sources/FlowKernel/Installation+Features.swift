// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowModel
import Glibc
import Host

/// What a port can have besides its counts, in the order in which it is taken away.
enum PortFeature: CaseIterable {
    case filters
    /// The sockets of a switch that reads the port through AF_XDP.
    case sockets
    case dispatcherEntry
    case links
    /// By which programs find the port's number.
    case interfaceEntry
    case sentFrames

    /// What can be taken away when the interface has left this network namespace. The rest has gone with it.
    static let withoutInterface = allCases.filter { !$0.isOnInterface }

    private var isOnInterface: Bool {
        switch self {
        case .filters, .sockets, .dispatcherEntry: true
        case .links, .interfaceEntry, .sentFrames: false
        }
    }
}

extension Installation {
    /// Takes these features away from a port, and leaves its interface as it was found. What the port does not have is passed over.
    func takeAway(_ features: [PortFeature], of port: RegisteredPort) throws(KernelError) {
        for feature in features { try takeAway(feature, of: port) }
    }

    private func takeAway(_ feature: PortFeature, of port: RegisteredPort) throws(KernelError) {
        switch feature {
        case .filters: try takeAwayFilters(port)
        case .sockets: try takeAwayXSK(port)
        case .dispatcherEntry: try takeAwayEntry(port)
        case .links: try takeAwayLinks(port)
        case .interfaceEntry: try tables.maps.interfaces.existing(port.networkNamespace)?.clear(port)
        case .sentFrames: try takeAwaySent(port)
        }
    }

    /// Leaves a switch that has the port open with a program of its own kind.
    private func takeAwayXSK(_ port: RegisteredPort) throws(KernelError) {
        let folder = directory.portDirectory(port.number)
        guard SocketMap.isPinned(in: folder) else { return }
        let isHere = try NetworkInterface.currentNamespace() == port.networkNamespace
        guard isHere else { return try refuseOpenElsewhere(port, folder) }
        try XSKHook(interface: port.interface, folder: folder).detach(mode: port.xdpMode)
    }

    /// A program can be put on an interface only from its network namespace.
    private func refuseOpenElsewhere(_ port: RegisteredPort, _ folder: String) throws(KernelError) {
        guard isAlive(port), try SocketMap.hasSocket(try SocketMap.open(in: folder)) else { return }
        throw KernelError(
            .invalid, "cannot detach \(port.name)", cause: "a switch has it open in another network namespace",
            remedy: "run this command there (nsenter --net=…)")
    }

    private func takeAwayLinks(_ port: RegisteredPort) throws(KernelError) {
        for link in PortLink.allCases {
            let path = link.path(in: directory.portDirectory(port.number))
            guard unsafe access(path, F_OK) == 0 else { continue }
            try Link.open(pinnedAt: path).detach(from: port.name)
            unsafe unlink(path)
        }
        SocketMap.unpin(in: directory.portDirectory(port.number))
    }

    private func takeAwayFilters(_ port: RegisteredPort) throws(KernelError) {
        guard port.fromHook == .clsact || port.toHook == .clsact else { return }
        guard port.networkNamespace == (try NetworkInterface.currentNamespace()) else {
            throw KernelError(
                .invalid, "cannot detach \(port.name)", cause: "it is in another network namespace",
                remedy: "run this command there (nsenter --net=…)")
        }
        if port.toHook == .clsact { try TCHook.detachFilter(of: port.interface, side: .toPort) }
        if port.fromHook == .clsact { try TCHook.detachFilter(of: port.interface, side: .fromPort) }
        if port.ownsQdisc { try TCHook.removeQdisc(of: port.interface) }
    }
}
