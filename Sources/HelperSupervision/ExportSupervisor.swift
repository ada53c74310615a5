// SPDX-License-Identifier: Apache-2.0

package import DaemonReports
package import FlowExport
import FlowModel
import Foundation
package import Host
package import Logging
import Synchronization

extension ExportPlan: HelperPlan {
    package var needsProcess: Bool { !sinks.isEmpty }
    package var printsLines: Bool { sinks.contains { $0.kind == .stdout } }
    package func prepare() throws { try makeFolders() }
}

/// Has `weir-export` deliver what is in the store: tells it of windows, and hears how its sinks stand.
package final class ExportSupervisor: Sendable {
    private let supervisor: HelperSupervisor<ExportPlan>
    private let sinks: SinkReports

    /// A process that is asked for its end delivers what the store has; where that takes longer it is killed, and the next one goes on.
    private static let program = HelperProgram(
        name: "weir-export", thread: "weir-exports", finishLine: ExportMessage.finish,
        restartStatus: ExportMessage.restartStatus)

    package init(_ plan: ExportPlan, logger: Logger) {
        let sinks = SinkReports()
        self.sinks = sinks
        supervisor = HelperSupervisor(
            Self.program, plan, logger: logger,
            hasWorked: { sinks.current.contains { $0.counts.windows > 0 || $0.state?.updates ?? 0 > 0 } },
            hear: { sinks.take($0, logger) })
    }

    /// How the process and its sinks stand.
    package var report: DeliveryReport {
        let process = supervisor.status
        var report = DeliveryReport()
        report.sinks = sinks.current
        if process.pid != nil || process.failure != nil || !report.sinks.isEmpty {
            report.export = ExportReport(pid: process.pid, restarts: process.restarts, failure: process.failure)
        }
        return report
    }

    /// The number of the last window that every sink of records has delivered, as far as is known; nil where there is none.
    package var delivered: UInt64? {
        let reports = sinks.current
        return supervisor.plan.sinks.filter(\.takesRecords).map { sink in
            reports.first { $0.name == sink.name }?.acknowledged ?? 0
        }.min()
    }

    /// Starts the process, and waits until its sinks can be used.
    ///
    /// - Throws: what keeps a sink from being used. Then there is no process.
    package func start() throws { try supervisor.start() }

    /// To be called when the store has another window. Never blocks.
    package func storeHasChanged() { supervisor.tell(ExportMessage.stored) }

    /// Hands the process the ring of samples.
    package func hand(ring: consuming Descriptor, size: Int) {
        supervisor.hand(ExportMessage.ring(size: size), ring, as: "ring")
    }

    /// Goes on with another plan: the process ends, and another one begins.
    package func reconfigure(_ plan: ExportPlan) { supervisor.reconfigure(plan) }

    /// Has all delivered that the store has, and ends the process; blocks.
    package func finish() { supervisor.finish() }

    /// Ends the process at once; what it has not delivered stays in the store.
    package func abandon() { supervisor.abandon() }
}

/// What the process said of its sinks last.
private final class SinkReports: Sendable {
    private let reports = Mutex<[SinkReport]>([])

    var current: [SinkReport] { reports.withLock(\.self) }

    /// Takes a line of the process, and has the log say what it is to say.
    func take(_ line: String, _ logger: Logger) -> HelperWord {
        guard let message = try? JSONDecoder().decode(ExportMessage.self, from: Data(line.utf8)) else {
            return .unreadable
        }
        for saying in message.said {
            let text = PrintableText.of(saying.text)
            switch saying.severity {
            case "error": logger.error("\(text)")
            case "warning": logger.warning("\(text)")
            default: logger.notice("\(text)")
            }
        }
        if let failure = message.failure { return .failed(failure) }
        reports.withLock { $0 = message.sinks }
        return .works
    }
}
