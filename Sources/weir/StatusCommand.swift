// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import WeirDaemon

struct StatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show ports, hooks, the open window, totals and overflow.",
        discussion: "Totals are those since a port was attached. Works with and without a daemon.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: PlaceOptions

    func run() throws {
        let configuration = try place.configuration()
        let directory = PinDirectory(base: configuration.bpffs)
        let report = try StatusReport(of: directory, daemon: try Self.daemon(on: configuration.socket))
        if json { try Output.printJSON(report) } else { print(StatusText(report).text) }
    }

    private static func daemon(on socket: String) throws -> DaemonReport? {
        switch ControlClient.ask(at: socket) {
        case .report(let report): return report
        case .nobody: return nil
        case .refused(let error): throw error
        }
    }
}
