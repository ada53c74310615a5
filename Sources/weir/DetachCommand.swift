// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import FlowModel
import Host
import WeirConfiguration

struct DetachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "Take programs away and leave the ports as they were found.",
        discussion: """
            A running daemon still publishes what the port counted last. Without a daemon, the packets of the open window \
            wait for the next one, unless the port is the last that is attached: then the tables are removed, and those \
            packets are in no record (weir dump shows them before). The command prints what it has taken away and how \
            many packets no daemon had read.

            Example: weir detach tap0
            """)

    @Argument(help: "Ports to detach.", completion: .interface)
    var ports: [String] = []

    @Flag(help: "Detach every port.")
    var all = false

    @Flag(help: "Print what was detached as JSON.")
    var json = false

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        if ports.isEmpty != all { throw ValidationError("Name the ports, or say --all.") }
    }

    func run() throws {
        let configuration = try place.configuration()
        let directory = PinDirectory(base: configuration.bpffs)
        try Capability.require(for: "detach ports")
        guard let installation = try Installation.open(directory) else {
            if all, json { return try Output.printJSON([Detached]()) }
            if all { return }
            throw Self.notAttached(ports[0])
        }
        let attached = try installation.attachedPorts()
        let isMeasured = DaemonLock.isTaken(directory)
        let chosen = try chosen(from: attached)
        let isLast = chosen.count == attached.count
        let hurry = configuration.expeditesRCU ? ExpeditedGracePeriods.begin(for: chosen.count) : nil
        try installation.detach(chosen)
        _ = consume hurry
        let detached = try chosen.map { port in
            Detached(port, unread: isMeasured ? nil : try installation.unread(of: port), isLast: isLast)
        }
        if !isMeasured { try installation.removeIfUnused() }
        if json { return try Output.printJSON(detached) }
        for port in detached { Output.print(port.text) }
    }

    /// A port that was detached, as its JSON has it.
    private struct Detached: Encodable {
        let name: String
        let number: UInt16
        let fromHook: String
        let toHook: String
        /// Packets that no daemon has read; nil where one is running, which reads them.
        let unreadPackets: UInt64?
        /// Whether they are in no record, since the tables are removed with the last port.
        let isLost: Bool

        enum CodingKeys: String, CodingKey {
            case name, number
            case fromHook = "from_hook"
            case toHook = "to_hook"
            case unreadPackets = "unread_packets"
            case isLost = "lost"
        }

        init(_ port: RegisteredPort, unread: UInt64?, isLast: Bool) {
            name = port.name
            number = port.number.rawValue
            fromHook = port.fromHook.name
            toHook = port.toHook.name
            unreadPackets = unread
            isLost = isLast && unread.map { $0 > 0 } ?? false
        }

        var text: String {
            let text = "\(name): detached port \(number) (from \(fromHook), to \(toHook))"
            guard let unreadPackets else { return text + "; the daemon writes its last records" }
            guard unreadPackets > 0 else { return text + "; nothing is unread" }
            let packets = unreadPackets == 1 ? "1 packet" : "\(unreadPackets) packets"
            return text
                + (isLost ? "; \(packets) of the open window are in no record" : "; \(packets) wait for a daemon")
        }
    }

    private func chosen(from attached: [RegisteredPort]) throws -> [RegisteredPort] {
        if all { return attached }
        return try Array(Set(ports.map(InterfaceName.canonical))).sorted().map { name in
            guard let port = attached.first(where: { $0.name == name }) else { throw Self.notAttached(name) }
            return port
        }
    }

    private static func notAttached(_ name: String) -> KernelError {
        KernelError(
            .notFound, "cannot detach \(name)", cause: "it is not attached", remedy: "list what is: weir status")
    }
}
