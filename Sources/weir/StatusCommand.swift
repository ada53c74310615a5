// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import WeirDaemon

struct StatusCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status",
        abstract: "Show ports, hooks, the open window, totals and overflow.",
        discussion: "Totals are those since a port was attached. Works with and without a daemon.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: PlaceOptions

    func run() async throws {
        let configuration = try place.configuration()
        let directory = PinDirectory(base: configuration.bpffs)
        let daemon = await ControlClient.report(at: configuration.socket)
        let report = try StatusReport(of: directory, daemon: daemon)
        if json { try Output.printJSON(report) } else { print(StatusText(report).text) }
    }
}
