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
            A directory provider of Weir: each line is a JSON object about one interface. `weir run` starts it where the configuration \
            asks for it.

              weir-libvirt --uri qemu:///system --once
            """)

    @Option(help: "Which hypervisor, as libvirt names it.")
    var uri = "qemu:///system"

    @Flag(help: "Print what there is now, and end.")
    var once = false

    /// How often there is a sign of life.
    private static let signPeriod = Duration.seconds(5)
    /// Changes that libvirt did not tell of are seen after that time.
    private static let lookPeriod = Duration.seconds(60)

    func run() throws {
        signal(SIGPIPE, SIG_DFL)
        guard Libvirt.load() else {
            throw Libvirt.Failure(
                description:
                    "libvirt is not installed (libvirt.so.0 is not found): install libvirt0, or remove this provider")
        }
        try ThreadPrivileges.shedForGood()
        var failures = 0
        var said: String?
        while true {
            do throws(Libvirt.Failure) {
                try follow { failures = 0 }
                if once { return }
            } catch {
                if once { throw error }
                if said != error.description { Self.complain(error.description) }
                said = error.description
            }
            failures += 1
            // What was printed holds meanwhile.
            for _ in 0..<min(failures, 10) {
                Self.print("")
                sleep(1)
            }
        }
    }

    /// Prints all, and what changes, until libvirt goes away.
    private func follow(_ hasConnected: () -> Void) throws(Libvirt.Failure) {
        let libvirt = try Libvirt(uri)
        var printed: [String] = []
        var (looked, signed) = (ContinuousClock.now, ContinuousClock.now)
        var isFirst = true
        while true {
            let now = ContinuousClock.now
            let changes = isFirst ? .machines : try libvirt.wait()
            if changes.contains(.machines) || now - looked > Self.lookPeriod {
                let lines = try libvirt.machines().compactMap { MachineDocument($0) }.flatMap(MachineLine.lines)
                    .map(\.json).sorted()
                if isFirst || lines != printed {
                    Self.print((lines + [#"{"complete": true}"#]).joined(separator: "\n"))
                    (printed, signed) = (lines, now)
                }
                hasConnected()
                (looked, isFirst) = (now, false)
                if once { return }
            }
            if changes.contains(.closed) { throw Libvirt.Failure(description: "libvirt has closed the connection") }
            if now - signed > Self.signPeriod {
                Self.print("")
                signed = now
            }
        }
    }

    private static func print(_ text: String) {
        try? FileHandle.standardOutput.write(contentsOf: Data((text + "\n").utf8))
    }

    private static func complain(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("weir-libvirt: \(text)\n".utf8))
    }
}
