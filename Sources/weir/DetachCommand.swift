// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import FlowModel
import WeirDaemon

struct DetachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "detach",
        abstract: "Take programs away and leave the ports as they were found.",
        discussion: """
            A running daemon still publishes what the port counted last. Without a daemon, the last port to be \
            detached takes the tables with it, and what nobody read is gone: see weir dump.
            """)

    @Argument(help: "Ports to detach.", completion: .interface)
    var ports: [String] = []

    @Flag(help: "Detach every port.")
    var all = false

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        if ports.isEmpty != all { throw ValidationError("Name the ports, or say --all.") }
    }

    func run() throws {
        let directory = PinDirectory(base: try place.configuration().bpffs)
        try Capability.require(for: "detach ports")
        guard let installation = try Installation.open(directory) else {
            if all { return }
            throw Self.notAttached(ports[0])
        }
        let attached = try installation.attachedPorts()
        for port in try chosen(from: attached) { try installation.detach(port) }
        if !DaemonLock.isTaken(directory) { try installation.removeIfUnused() }
    }

    private func chosen(from attached: [RegisteredPort]) throws -> [RegisteredPort] {
        if all { return attached }
        return try ports.map { name in
            guard let port = attached.first(where: { $0.name == InterfaceName.canonical(name) }) else {
                throw Self.notAttached(name)
            }
            return port
        }
    }

    private static func notAttached(_ name: String) -> KernelError {
        KernelError(
            .notFound, "cannot detach \(name)", cause: "it is not attached", remedy: "list what is: weir status")
    }
}
