// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowStore
import Foundation
import Glibc
import Host
import Synchronization
import SystemPackage

/// The process as `weir run` starts it: it gets the plan from the daemon, gives up its privileges, and reports.
struct SupervisedExport {
    private let parent: Int32
    private let channel: LineChannel

    /// How often the daemon is told how sinks stand.
    private static let reportPeriod = Duration.milliseconds(250)

    init(_ parent: Int32) {
        self.parent = parent
        channel = LineChannel(Descriptor(owning: HelperProcess.channelDescriptor))
    }

    func run() throws {
        // The daemon ends this process: by a line, by closing the channel, or by its own end.
        for number in [SIGINT, SIGTERM, SIGQUIT, SIGHUP] { signal(number, SIG_IGN) }
        try Confinement.dieWithParent(parent)
        guard let lines = firstLines(), let line = lines.first else { return }
        let plan = try JSONDecoder().decode(ExportPlan.self, from: Data(line.utf8))
        let services = ServiceNames.read()
        let isConfined = try Confinement.enter(
            reading: [plan.store], writing: [plan.folder] + plan.directories, reach: plan.reach)
        let places = OpenPlaces([plan.store, plan.folder] + plan.directories + plan.reach.files)
        let outbox = Outbox()
        if !isConfined {
            outbox.say(
                .warning,
                "Landlock is not possible here: what weir-export can open is limited by the modes of files alone")
        }
        let threads: ExportThreads
        do { threads = try ExportThreads(plan, services) { outbox.say($0, $1) } } catch {
            send(ExportMessage(failure: "\(error)", said: outbox.take()))
            return
        }
        takeRing(lines, threads, outbox)
        follow(threads, places, outbox, lines.dropFirst().contains(ExportMessage.finish))
    }

    /// The plan, and what the daemon may have said right after it.
    private func firstLines() -> [String]? {
        while true {
            switch channel.receive(within: .seconds(60)) {
            case .lines(let lines): return lines
            case .nothing: continue
            case .ended: return nil
            }
        }
    }

    private func follow(_ threads: ExportThreads, _ places: OpenPlaces, _ outbox: Outbox, _ isFinishing: Bool) {
        if isFinishing { return finish(threads, outbox) }
        var last: ExportMessage?
        while true {
            let message = ExportMessage(sinks: threads.reports, said: outbox.take())
            if message != last || !message.said.isEmpty { send(message) }
            last = message
            // What was removed and made anew is not what this process was allowed: the next one is.
            if !places.areInPlace { exit(ExportMessage.restartStatus) }
            switch channel.receive(within: Self.reportPeriod) {
            case .nothing: break
            case .ended: exit(0)
            case .lines(let lines):
                if lines.contains(ExportMessage.finish) { return finish(threads, outbox) }
                if lines.contains(ExportMessage.stored) { threads.storeHasChanged() }
                takeRing(lines, threads, outbox)
            }
        }
    }

    /// The ring of samples, where the lines come with it.
    private func takeRing(_ lines: [String], _ threads: ExportThreads, _ outbox: Outbox) {
        for size in lines.lazy.compactMap(ExportMessage.ringSize) {
            guard let descriptor = channel.takeDescriptor() else { return }
            do throws(KernelError) {
                threads.take(try RecordRing(descriptor, size: size))
            } catch {
                outbox.say(.error, "there are no samples of packets: \(error)")
            }
        }
    }

    private func finish(_ threads: ExportThreads, _ outbox: Outbox) {
        threads.finish()
        send(ExportMessage(sinks: threads.reports, said: outbox.take()))
    }

    private func send(_ message: ExportMessage) {
        guard let data = try? JSONEncoder().encode(message) else { return }
        if !channel.send(String(decoding: data, as: UTF8.self)) { exit(0) }
    }
}

/// What sinks have said and the daemon was not told yet.
private final class Outbox: Sendable {
    private let said = Mutex<[ExportMessage.Saying]>([])

    func say(_ severity: SinkRunner.Severity, _ text: String) {
        said.withLock { $0.append(ExportMessage.Saying(severity: severity, text: text)) }
    }

    func take() -> [ExportMessage.Saying] {
        said.withLock { said in
            defer { said = [] }
            return said
        }
    }
}

/// The folders and files that this process may use, as they were when it was confined to them.
private struct OpenPlaces {
    private let places: [(path: String, inode: UInt64?)]

    init(_ paths: [String]) { places = paths.map { ($0, Descriptor.inode(of: $0)) } }

    var areInPlace: Bool { places.allSatisfy { Descriptor.inode(of: $0.path) == $0.inode } }
}
