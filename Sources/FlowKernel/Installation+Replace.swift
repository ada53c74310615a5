// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowModel
import Host

// Programs that ask the policy, or copy frames, in the place of those that do not, and back: in their links and filters, on the
// same maps.
extension Installation {
    /// Puts the port's other programs in the place of those that it has, one side after the other; every frame meets the one or
    /// the other. Does nothing where the interface is gone.
    func replacePrograms(
        of port: RegisteredPort, asksPolicy: Bool, copying: CopyingReasons
    ) throws(KernelError) {
        var changing = port
        if asksPolicy != port.use.asksPolicy { changing.judging = .changing }
        changing.copying = copying.union(port.copying)
        try tables.maps.register(changing)
        let use = ProgramUse(asksPolicy: asksPolicy, copying: copying.use)
        for side in [TCHook.Side.toPort, .fromPort] { try replaceProgram(of: port, side, use: use) }
        changing.judging = asksPolicy ? .judged : .plain
        changing.copying = copying
        try tables.maps.register(changing)
    }

    private func replaceProgram(of port: RegisteredPort, _ side: TCHook.Side, use: ProgramUse) throws(KernelError) {
        let folder = directory.portDirectory(port.number)
        let (hook, kind) = (port.hook(side), ProgramKind(port, side))
        switch hook {
        // An entry in libxdp's dispatcher always asks.
        case .none, .unobserved, .xdpDispatched: return
        case .fentry: try replaceSent(port, use: use)
        case .clsact:
            try programs.withProgram(kind, for: port, use: use, on: tables) {
                (program) throws(KernelError) in
                try TCHook.replaceFilter(program, of: port, side: side)
            }
        case .tcx, .xdp, .xsk:
            let link = try Link.open(pinnedAt: side.link.path(in: folder))
            try programs.withProgram(kind, for: port, use: use, on: tables) {
                (program) throws(KernelError) in
                try link.replaceProgram(by: program.loaded, on: port.name)
            }
        }
    }

    /// Throws where one of the ports has a filter of TC in another network namespace: those have no link, and are replaced by the
    /// index of their interface.
    static func refuseFiltersElsewhere(
        _ ports: [RegisteredPort], _ failure: String, remedy: String
    ) throws(KernelError) {
        let namespace = try NetworkInterface.currentNamespace()
        let elsewhere = ports.first {
            ($0.fromHook == .clsact || $0.toHook == .clsact) && !$0.isIn(namespace)
        }
        guard let port = elsewhere else { return }
        throw KernelError(
            .invalid, "\(failure) \(port.name)", cause: "it is in another network namespace",
            remedy: remedy)
    }
}

extension RegisteredPort {
    func hook(_ side: TCHook.Side) -> Hook { side == .toPort ? toHook : fromHook }
}

extension TCHook.Side {
    /// Of its program, where that is attached by one.
    var link: PortLink { self == .toPort ? .to : .from }

    var program: ProgramKind { self == .toPort ? .tcToPort : .tcFromPort }
}

extension ProgramKind {
    /// What a port has on that side.
    init(_ port: RegisteredPort, _ side: TCHook.Side) {
        self =
            switch (side, port.hook(side)) {
            case (.toPort, .fentry): .sentToPort
            case (.toPort, _): .tcToPort
            case (.fromPort, .xdp): .xdpFromPort
            case (.fromPort, .xsk): .xskFromPort
            case (.fromPort, .xdpDispatched): .xdpDispatched
            case (.fromPort, _): .tcFromPort
            }
    }
}
