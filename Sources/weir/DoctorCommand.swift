// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DirectoryProviders
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
        let findings = survey.findings + [Self.libvirt]
        if json { try Output.printJSON(findings) } else { findings.forEach(show) }
        if !survey.canMeasure { throw ExitCode.failure }
    }

    /// A host without libvirt lacks nothing.
    private static var libvirt: KernelSurvey.Finding {
        let socket = LocalLibvirt.socket
        return KernelSurvey.Finding(
            subject: "libvirt", isFine: true,
            fact: socket.map { "its socket is \($0): it says whose ports are" }
                ?? "not on this host: ports have the names that the configuration, providers or the switch know",
            consequence: nil)
    }

    private func show(_ finding: KernelSurvey.Finding) {
        let mark = finding.isFine ? "ok  " : "BAD "
        Output.print("\(mark) \(finding.subject): \(finding.fact)")
        if let consequence = finding.consequence { Output.print("     \(consequence)") }
    }
}
