// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Glibc
import Host

/// Prints whose the interfaces of libvirt's machines are, a JSON object a line, and again whenever that changes: a directory provider.
///
/// It has no privileges, and libvirt's read-only socket gives it none. A call that hangs stops the sign of life, an empty line every few
/// seconds; who supervises it starts it anew then.
@main
struct Main: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "weir-libvirt",
        abstract: "Prints whose the interfaces of libvirt's machines are, and again whenever that changes.",
        discussion: """
            A directory provider of Weir: each line is a JSON object about one interface, or about one machine where statistics are \
            asked for. `weir run` starts it where the configuration asks for it.

              weir-libvirt --uri qemu:///system --once
            """)

    @Option(help: "Which hypervisor, as libvirt names it.")
    var uri = "qemu:///system"

    @Option(help: "How often the figures of machines are printed, in seconds; 0: never.")
    var statistics = 0

    @Flag(help: "Print what there is now, and end.")
    var once = false

    /// How often there is a sign of life.
    private static let signPeriod = Duration.seconds(5)
    /// Changes that libvirt did not tell of are seen after that time.
    private static let lookPeriod = Duration.seconds(60)

    func validate() throws {
        guard (0...3600).contains(statistics) else { throw ValidationError("--statistics must be 0 to 3600 seconds") }
    }

    func run() throws {
        signal(SIGPIPE, SIG_DFL)
        guard Libvirt.load() else {
            throw Libvirt.Failure(
                description:
                    "libvirt is not installed (libvirt.so.0 is not found): install libvirt0, or remove this provider")
        }
        try ThreadPrivileges.shedForGood()
        let figures = statistics == 0 ? nil : Statistics(uri: uri, interval: .seconds(statistics))
        if !once { figures?.start() }
        var failures = 0
        var said: String?
        while true {
            do throws(Libvirt.Failure) {
                try follow(figures) { failures = 0 }
                if once { return try figures?.printOnce() ?? () }
            } catch {
                if once { throw error }
                if said != error.description { Output.complain(error.description) }
                said = error.description
            }
            failures += 1
            // What was printed holds meanwhile.
            for _ in 0..<min(failures, 10) {
                Output.print("")
                sleep(1)
            }
        }
    }

    /// Prints all, and what changes, until libvirt goes away.
    private func follow(_ figures: Statistics?, _ hasConnected: () -> Void) throws(Libvirt.Failure) {
        let libvirt = try Libvirt(uri)
        libvirt.follow()
        var printed: [String] = []
        var (looked, signed) = (ContinuousClock.now, ContinuousClock.now)
        var isFirst = true
        while true {
            let now = ContinuousClock.now
            let changes = isFirst ? .machines : try libvirt.wait()
            if changes.contains(.machines) || now - looked > Self.lookPeriod {
                let machines = try libvirt.machines().compactMap { MachineDocument($0) }
                figures?.note(machines)
                let lines = machines.flatMap(MachineLine.lines).map(\.json).sorted()
                if isFirst || lines != printed {
                    Output.print((lines + [#"{"complete": true}"#]).joined(separator: "\n"))
                    (printed, signed) = (lines, now)
                }
                hasConnected()
                (looked, isFirst) = (now, false)
                if once { return }
            }
            if changes.contains(.closed) { throw Libvirt.Failure(description: "libvirt has closed the connection") }
            if now - signed > Self.signPeriod {
                Output.print("")
                signed = now
            }
        }
    }
}
