// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowViews
import Glibc
import Host

/// Lines that are drawn anew on a terminal as often as their figures change, until the operator ends it.
enum MachineSession {
    /// Columns of standard output where that is a terminal.
    static var width: Int? { isatty(STDOUT_FILENO) == 1 ? TerminalDevice.size.columns : nil }

    /// - Parameter draw: given what the terminal can show and its columns; the lines, and after how many seconds there are others.
    static func run(_ draw: (Ink, Int) throws -> (lines: [String], interval: Double)) throws {
        guard TerminalDevice.isThere else {
            throw VMCommand.Unknown(description: "--watch takes a terminal: leave it out to print once")
        }
        let device = try TerminalDevice()
        defer { device.close() }
        let ink = Ink.ofOutput()
        var (screen, reader) = (ScreenRows(), TerminalKeyReader())
        var due = ContinuousClock.now
        var lines: [String] = []
        while true {
            if ContinuousClock.now >= due {
                let interval: Double
                do {
                    (lines, interval) = try draw(ink, TerminalDevice.size.columns)
                } catch {
                    // A daemon that is started anew answers again.
                    (lines, interval) = (["\(error)"], 1)
                }
                due = ContinuousClock.now + .seconds(max(1, interval))
            }
            let rows = lines.prefix(max(1, TerminalDevice.size.rows - 1)) + ["q quit"]
            let bytes = screen.update(Array(rows))
            if !bytes.isEmpty { device.write(bytes) }
            switch device.wait(atMost: .milliseconds(200)) {
            case .ended: return
            case .changed:
                screen.forget()
                due = ContinuousClock.now
            case .timeout: break
            case .input(let bytes):
                for key in reader.keys(bytes) {
                    switch key {
                    case .character("q"), .character("Q"), .control("c"): return
                    case .control("z"):
                        try device.suspend()
                        screen.forget()
                    default: break
                    }
                }
            }
        }
    }
}
