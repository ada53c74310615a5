// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import FlowModel
import Host
import HostVerdicts
import LiveStatus
import OpenVSwitch
import PortAttachment
import WeirConfiguration

struct AttachCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "attach",
        abstract: "Attach programs to ports; they count with or without a daemon.",
        discussion: """
            Ports that are attached already are left as they are and named; the others are attached. A port that has lost \
            a program or a pin is mended and keeps its number. The exit status is 0 when every port is attached at the end. \
            When one cannot be attached, those that this command has attached are detached again and it is 1.

            Example: weir attach tap0 tap1
            """)

    @Argument(help: "Interfaces to measure.", completion: .interface)
    var ports: [String]

    @Option(help: "Where frames from the port are counted: auto, tc, xdp, or xsk for a switch's AF_XDP port.")
    var hook = HookChoice.auto

    @Option(help: "How XDP runs: native or generic. Without it native where the driver can.")
    var xdpMode: XDPMode?

    @Option(help: "What is behind the port: guest or uplink (guest).")
    var role: PortRole?

    @OptionGroup var keys: KeyOptions<AttachKeys>

    @Option(
        help: "Run directory of Open vSwitch, which is asked for the hook of auto (/run/openvswitch).",
        completion: .directory)
    var ovsRundir: String?

    @Flag(help: "Print nothing about ports that are attached already.")
    var ifNeeded = false

    @Flag(help: "Print the ports as JSON.")
    var json = false

    func validate() throws {
        if xdpMode != nil, hook != .xdp, hook != .xsk {
            throw ValidationError("--xdp-mode has a meaning only with --hook xdp or xsk.")
        }
        if ovsRundir != nil, hook != .auto {
            throw ValidationError("--ovs-rundir has a meaning only with --hook auto.")
        }
    }

    func run() throws {
        for port in ports { _ = try NetworkInterface.named(port) }
        let configuration = try keys.configuration()
        let directory = PinDirectory(base: configuration.bpffs)
        let installation = try Installation.openOrCreate(directory, configuration.tables)
        let hurry = configuration.expeditesRCU ? ExpeditedGracePeriods.begin(for: ports.count) : nil
        let results = try attachAll(installation, advice(configuration), PolicyKeeper(configuration))
        _ = consume hurry
        try show(results, try StatusReport(of: directory, daemon: nil))
    }

    /// What the switch knows; nil where it is not asked.
    private func advice(_ configuration: Configuration) -> SwitchAdvice? {
        guard hook == .auto else { return nil }
        var choice = configuration.ovs ?? SwitchChoice()
        choice.runDirectory = ovsRundir ?? choice.runDirectory
        return SwitchAdvice(from: choice)
    }

    /// What became of a port.
    private enum Outcome {
        case attached(RegisteredPort)
        case mended(PortFinding)
        /// It was there, and is as it was.
        case unchanged(name: String)
    }

    /// All or none of those that are not attached yet.
    private func attachAll(
        _ installation: borrowing Installation, _ advice: SwitchAdvice?, _ policy: PolicyKeeper
    ) throws -> [Outcome] {
        let asked = AttachOptions(role: role ?? .guest, hook: hook, xdpMode: xdpMode)
        let options = ports.map { advice?.complete(asked, for: $0) ?? asked }
        var results: [Outcome] = []
        do {
            for (port, options) in zip(ports, options) { try installation.checkAttachable(port, options) }
            let requests = try zip(ports, options).map { AttachRequest(try NetworkInterface.named($0), $1) }
            for first in stride(from: 0, to: requests.count, by: Self.atOnce) {
                let some = Array(requests[first..<min(first + Self.atOnce, requests.count)])
                try add(try attach(some, to: installation, policy), of: some, to: &results)
            }
            return results
        } catch {
            for case .attached(let port) in results { try? installation.detach(port) }
            if !DaemonLock.isTaken(installation.directory) { try? installation.removeIfUnused() }
            throw error
        }
    }

    /// With the policy that they are to have from the first frame on.
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
        _ outcomes: [AttachOutcome], of requests: [AttachRequest], to results: inout [Outcome]
    ) throws(KernelError) {
        var trouble: KernelError?
        for (request, outcome) in zip(requests, outcomes) {
            switch outcome {
            case .attached(let port): results.append(.attached(port))
            case .mended(let finding): results.append(.mended(finding))
            case .isAttached: results.append(.unchanged(name: request.interface.name))
            case .isGone, .refused, .withheld: trouble = trouble ?? outcome.refusal(of: request.interface)
            }
        }
        if let trouble { throw trouble }
    }

    private func show(_ results: [Outcome], _ report: StatusReport) throws {
        let shown = results.compactMap { result -> (port: StatusReport.Port, text: String)? in
            switch result {
            case .attached(let port):
                return report.port(port.number.rawValue).map { ($0, "attached as port") }
            case .mended(let finding):
                let text = "\(finding.faults.text), which is mended: attached as port"
                return report.port(finding.port.number.rawValue).map { ($0, text) }
            case .unchanged(let name):
                guard !ifNeeded else { return nil }
                return report.port(named: name).map { ($0, "attached already as port") }
            }
        }
        if json { return try Output.printJSON(shown.map(\.port)) }
        for (port, text) in shown {
            Output.print("\(port.name): \(text) \(port.number), \(StatusText.hooks(of: port))")
        }
    }
}

extension StatusReport {
    fileprivate func port(_ number: UInt16) -> Port? { ports.first { $0.number == number } }

    fileprivate func port(named name: String) -> Port? { ports.first { $0.name == name && $0.state != "closing" } }
}
