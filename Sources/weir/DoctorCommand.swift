// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import WeirConfiguration

struct DoctorCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Say what this kernel allows and what that means for ports.",
        discussion: "Tries everything, attaches nothing. Exit status 1 where no port can be measured.")

    @Flag(help: "Print JSON.")
    var json = false

    @OptionGroup var place: PlaceOptions

    func run() throws {
        let survey = KernelSurvey.take(of: PinDirectory(base: try place.configuration().bpffs))
        if json { try Output.printJSON(survey.findings) } else { survey.findings.forEach(show) }
        if !survey.canMeasure { throw ExitCode.failure }
    }

    private func show(_ finding: KernelSurvey.Finding) {
        let mark = finding.isFine ? "ok  " : "BAD "
        Output.print("\(mark) \(finding.subject): \(finding.fact)")
        if let consequence = finding.consequence { Output.print("     \(consequence)") }
    }
}
