// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonReports
import FlowKernel
import Host
import LiveStatus
import Reporting
import WeirConfiguration

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show ports, hooks, the open window, totals and overflow.",
        discussion: """
            Totals are those since a port was attached; rates are of the last closed window. Works with and without a \
            daemon.

            With --check: one line for monitoring, and an exit status.
            0  OK: all ports are measured, and everything is accounted for.
            1  WARNING: the daemon is starting or ending; packets of the last window found no room (overflow); log files \
            cannot be written, and windows wait; flows were given up; the journal is damaged; the last reload left \
            something undone; Open vSwitch or dropped packets are not followed.
            2  CRITICAL: there is no daemon, or it does not answer; a port is not measured; packets are unaccounted; the \
            journal cannot be written; or the status cannot be read.
            """)

    @Flag(help: "Print JSON.")
    var json = false

    @Flag(help: "Print one line for monitoring; exit status 0 (OK), 1 (WARNING) or 2 (CRITICAL).")
    var check = false

    @OptionGroup var place: PlaceOptions

    func validate() throws {
        if json, check { throw ValidationError("--check prints one line, and --json prints JSON; use one of them.") }
    }

    func run() throws {
        if check { return try exitWithCheck() }
        let report = try report()
        if json { try Output.printJSON(report) } else { Output.print(StatusText(report).text) }
    }

    private func exitWithCheck() throws {
        let result = Result { try report() }
        let check =
            switch result {
            case .success(let report): HealthCheck(report)
            case .failure(let error): HealthCheck(failure: error)
            }
        Output.print(check.line)
        throw ExitCode(Int32(check.level.rawValue))
    }

    private func report() throws -> StatusReport {
        try KernelVersion.require()
        let configuration = try place.configuration()
        let directory = PinDirectory(base: configuration.bpffs)
        return try StatusReport(of: directory, daemon: try Self.daemon(on: configuration.socket))
    }

    private static func daemon(on socket: String) throws -> DaemonReport? {
        switch ControlClient.ask(at: socket) {
        case .report(let report): return report
        case .nobody: return nil
        case .refused(let error): throw error
        }
    }
}
