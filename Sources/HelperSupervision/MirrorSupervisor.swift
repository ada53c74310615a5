// SPDX-License-Identifier: Apache-2.0

package import CopyDelivery
import FlowModel
import Foundation
package import Host
package import Logging
import Synchronization
package import TapService

extension MirrorPlan: HelperPlan {
    package var needsProcess: Bool { !sessions.isEmpty }
    package var printsLines: Bool { false }
    package func prepare() {}
}

/// Has `weir-mirror` send the copies that lie in the ring of sessions whose ports cannot send: tells it of these sessions, hands it the ring,
/// and hears what it could not send.
///
/// The process is there while there are such sessions, and keeps what lies in the ring when it is started again.
package final class MirrorSupervisor: Sendable {
    private struct Sessions {
        /// By label, those that had one before among them: their copies may still lie in the ring.
        var known: [UInt16: MirrorSession] = [:]
        /// The oldest first.
        var retired: [UInt16] = []

        var plan: MirrorPlan { MirrorPlan(known.values.sorted { $0.label < $1.label }) }
    }

    private let supervisor: HelperSupervisor<MirrorPlan>
    private let ledger: MirrorLedger
    private let sessions = Mutex(Sessions())

    private static let mostRetired = 1024
    private static let program: HelperProgram = {
        var program = HelperProgram(
            name: "weir-mirror", thread: "weir-mirrors", finishLine: MirrorMessage.finish,
            restartStatus: MirrorMessage.restartStatus)
        // What lies in the ring is sent in less, and stays there where it is not.
        program.longestFinish = .seconds(5)
        return program
    }()

    package init(logger: Logger) {
        let ledger = MirrorLedger()
        self.ledger = ledger
        supervisor = HelperSupervisor(
            Self.program, MirrorPlan(), logger: logger, hasWorked: { ledger.hasSent },
            hear: { ledger.take($0, logger) })
    }

    /// To be called before a record can have these labels. Never blocks.
    package func add(_ tunnels: [UInt16: TapTunnel]) {
        var lines: [String] = []
        let plan = sessions.withLock { sessions in
            for (label, tunnel) in tunnels {
                let session = MirrorSession(label, tunnel)
                guard sessions.known[label] != session else { continue }
                sessions.known[label] = session
                lines.append(MirrorMessage.line(of: session))
            }
            sessions.retired.removeAll { tunnels[$0] != nil }
            return tunnels.isEmpty ? nil : sessions.plan
        }
        if let plan { supervisor.update(plan, telling: lines) }
    }

    /// To be called when no other labels than these are given to new records. Where there are none, the process sends what there is, and ends.
    package func keep(_ labels: Set<UInt16>) {
        let plan = sessions.withLock { sessions in
            let gone = sessions.known.keys.filter { !labels.contains($0) && !sessions.retired.contains($0) }
            sessions.retired += gone.sorted()
            while sessions.retired.count > Self.mostRetired {
                sessions.known[sessions.retired.removeFirst()] = nil
            }
            return labels.isEmpty ? MirrorPlan() : sessions.plan
        }
        supervisor.update(plan, telling: [])
    }

    /// Hands over the ring that copies lie in.
    package func hand(ring: consuming Descriptor, size: Int, id: UInt32) {
        ledger.follow(id)
        let ledger = ledger
        supervisor.hand(
            MirrorMessage.line(of: MirrorMessage.Ring(id: id, size: size, done: ledger.position)), ring, as: "ring")
    }

    /// Hands over a socket that copies leave by.
    package func hand(_ socket: consuming Descriptor, as place: MirrorMessage.Outlet) {
        let line = MirrorMessage.line(of: place)
        supervisor.hand(line, socket, as: line)
    }

    /// Copies that could not be sent since the last call.
    package func takeUnsent() -> [UnsentCopies] { ledger.takeUnsent() }

    /// How the process stands; nil where none was needed yet.
    package var report: MirrorReport? {
        let process = supervisor.status
        guard supervisor.plan.needsProcess || process.pid != nil || process.failure != nil else { return nil }
        var report = MirrorReport()
        (report.pid, report.restarts, report.failure) = (process.pid, process.restarts, process.failure)
        report.sent = ledger.sent
        return report
    }

    /// Has all sent that lies in the ring, and ends the process; blocks, for some seconds at most.
    package func finish() { supervisor.finish() }
}

/// What the processes have said.
private final class MirrorLedger: Sendable {
    private struct State {
        var ring: UInt32?
        var position: UInt64 = 0
        var unsent: [UnsentCopies] = []
        /// By processes that have ended, and by the process that runs.
        var sentBefore: UInt64 = 0
        var sent: UInt64 = 0
    }

    private let state = Mutex(State())

    var sent: UInt64 { state.withLock { $0.sentBefore + $0.sent } }
    /// Whether the process that said something last has sent something.
    var hasSent: Bool { state.withLock { $0.sent > 0 } }
    /// How far the ring is done with.
    var position: UInt64 { state.withLock(\.position) }

    /// Positions are of that ring from now on.
    func follow(_ ring: UInt32) {
        state.withLock { state in
            if state.ring != ring { (state.ring, state.position) = (ring, 0) }
        }
    }

    func takeUnsent() -> [UnsentCopies] {
        state.withLock { state in
            defer { state.unsent = [] }
            return state.unsent
        }
    }

    /// Takes a line of a process, and has the log say what it is to say.
    func take(_ line: String, _ logger: Logger) -> HelperWord {
        guard let message = try? JSONDecoder().decode(MirrorMessage.self, from: Data(line.utf8)) else {
            return .unreadable
        }
        for sentence in message.said { logger.warning("weir-mirror: \(PrintableText.of(sentence))") }
        state.withLock { state in
            if message.sent < state.sent { state.sentBefore += state.sent }
            state.sent = message.sent
            state.unsent += message.unsent
            if message.ring == state.ring { state.position = max(state.position, message.position) }
        }
        return message.failure.map(HelperWord.failed) ?? .works
    }
}
