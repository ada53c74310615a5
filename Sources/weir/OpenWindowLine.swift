// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowKernel
import FlowModel
import FlowRecorder
import FlowViews
import Foundation
import Host
import LiveStatus
import WeirConfiguration

/// What the open window has so far, as a last line on a terminal that is written over and over.
///
/// Its flows are not shown as records: a record of an open window is not final, and the same flow would be shown again when the window is complete.
struct OpenWindowLine {
    private let place: StorePlace
    private let isWanted: Bool
    private var isDrawn = false

    init(_ place: StorePlace) {
        self.place = place
        let isTerminal = isatty(STDOUT_FILENO) == 1 && isatty(STDERR_FILENO) == 1
        isWanted = isTerminal && ProcessInfo.processInfo.environment["TERM"] != "dumb" && !place.isNamed
    }

    /// Draws nothing where the window cannot be read, which takes root.
    mutating func draw() {
        guard isWanted, let text = text() else { return erase() }
        write("\r\(text)\u{1B}[K")
        isDrawn = true
    }

    mutating func erase() {
        guard isDrawn else { return }
        write("\r\u{1B}[K")
        isDrawn = false
    }

    private func text() -> String? {
        let configuration = place.configuration
        guard case .report(let daemon) = ControlClient.ask(at: configuration.socket),
            let status = try? StatusReport(of: PinDirectory(base: configuration.bpffs), daemon: daemon),
            let window = status.window, let table = status.table, let closes = window.closes
        else { return nil }
        let clock = TimeText(utc: false).clock
        let waiting =
            daemon.journal.windowsWaiting > 0
            ? "; \(counted(daemon.journal.windowsWaiting, "window")) not stored yet" : ""
        let end = clock.time(closes) + clock.zone(closes)
        let text = "open until \(end): \(counted(table.flows, "flow")) so far\(waiting)"
        // On one row, whatever the width: else it could not be written over.
        return String(text.prefix(TerminalDevice.size.columns - 1))
    }

    private func write(_ text: String) { try? FileHandle.standardError.write(contentsOf: Data(text.utf8)) }
}
