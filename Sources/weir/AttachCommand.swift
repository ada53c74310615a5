// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import FlowModel
import WeirDaemon

struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Attach programs to ports; they count with or without a daemon.")

    @Argument(help: "Interfaces to measure.", completion: .interface)
    var ports: [String]

    @Option(help: "Where frames from the port are counted: auto, tc, xdp, or xsk for a switch's AF_XDP port.")
    var hook = HookChoice.auto

    @Option(help: "How XDP runs: native or generic. Without it native where the driver can.")
    var xdpMode: XDPMode?

    @Option(help: "What is behind the port: guest or uplink (guest).")
    var role: PortRole?

    @Option(help: "Flows that a window has room for, where the tables are made now (262144).")
    var flows: Int?

    @Option(
        help: "Run directory of Open vSwitch, which is asked for the hook of auto (/run/openvswitch).",
        completion: .directory)
    var ovsRundir: String?

    @Flag(help: "Print the ports as JSON.")
    var json = false

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        if xdpMode != nil, hook != .xdp, hook != .xsk {
            throw ValidationError("--xdp-mode has a meaning only with --hook xdp or xsk.")
        }
        if ovsRundir != nil, hook != .auto {
            throw ValidationError("--ovs-rundir has a meaning only with --hook auto.")
        }
        if let flows, !Configuration.flowsRange.contains(flows) {
            throw ValidationError("--flows must be from 1 to \(Configuration.flowsRange.upperBound), not \(flows).")
        }
    }

    func run() throws {
        for port in ports { _ = try NetworkInterface.named(port) }
        let configuration = try place.configuration()
        let directory = PinDirectory(base: configuration.bpffs)
        var tables = configuration.tables
        tables.flowBudget = flows ?? tables.flowBudget
        let installation = try Installation.openOrCreate(directory, tables)
        let attached = try attachAll(installation, advice(configuration), PolicyKeeper(configuration))
        let report = try StatusReport(of: directory, daemon: nil)
        let numbers = attached.map(\.number.rawValue)
        try show(report.ports.filter { numbers.contains($0.number) })
    }

    /// What the switch knows; nil where it is not asked.
    private func advice(_ configuration: Configuration) -> SwitchAdvice? {
        guard hook == .auto else { return nil }
        var choice = configuration.ovs ?? SwitchChoice()
        choice.runDirectory = ovsRundir ?? choice.runDirectory
        return SwitchAdvice(from: choice)
    }

    /// All or none.
    private func attachAll(
        _ installation: borrowing Installation, _ advice: SwitchAdvice?, _ policy: PolicyKeeper
    ) throws -> [RegisteredPort] {
        let asked = AttachOptions(role: role ?? .guest, hook: hook, xdpMode: xdpMode)
        let options = ports.map { advice?.complete(asked, for: $0) ?? asked }
        var attached: [RegisteredPort] = []
        do {
            for (port, options) in zip(ports, options) { try installation.checkAttachable(port, options) }
            let requests = try zip(ports, options).map { AttachRequest(try NetworkInterface.named($0), $1) }
            for first in stride(from: 0, to: requests.count, by: Self.atOnce) {
                let some = Array(requests[first..<min(first + Self.atOnce, requests.count)])
                try add(try attach(some, to: installation, policy), of: some, to: &attached)
            }
            return attached
        } catch {
            for port in attached { try? installation.detach(port) }
            if !DaemonLock.isTaken(installation.directory) { try? installation.removeIfUnused() }
            throw error
        }
    }

    /// With the policy that they are to have from the first frame on; without, where that cannot be had.
    private func attach(
        _ requests: [AttachRequest], to installation: borrowing Installation, _ policy: PolicyKeeper
    ) throws -> [AttachOutcome] {
        let (outcomes, failure) = policy.attach(requests, to: installation) { requests in
            Result { () throws(KernelError) in try installation.attach(requests) }
        }
        if let failure { Output.warn(failure) }
        return try outcomes.get()
    }

    /// Attached while others wait for their turn.
    private static let atOnce = 16

    /// Throws the first trouble, when all that went well is known.
    private func add(
        _ outcomes: [AttachOutcome], of requests: [AttachRequest], to attached: inout [RegisteredPort]
    ) throws(KernelError) {
        var trouble: KernelError?
        for (request, outcome) in zip(requests, outcomes) {
            do throws(KernelError) {
                attached.append(try outcome.port(on: request.interface))
            } catch {
                trouble = trouble ?? error
            }
        }
        if let trouble { throw trouble }
    }

    private func show(_ ports: [StatusReport.Port]) throws {
        if json { return try Output.printJSON(ports) }
        for port in ports {
            Output.print("\(port.name): attached as port \(port.number), \(StatusText.hooks(of: port))")
        }
    }
}
