// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import Host
import HostMonitor
import Logging
import PortDirectory
import Synchronization

/// Runs the program of a provider, one process after the other, and keeps what it says, on a thread of its own.
///
/// Nothing that the program does or leaves undone can delay the daemon, or cost it more than a bounded part of a CPU and of memory: what is
/// printed too fast waits in the pipe, and the program with it.
final class Provider: Sendable {
    /// Bytes of a line.
    static let longestLine = 64 << 10
    /// Lines that are read at once, and those that are a second after that.
    static let burst = 20_000.0
    static let linesPerSecond = 1000.0
    /// A process that has said something, and then nothing for so long, has told all.
    static let settlingTime = Duration.seconds(10)
    private static let pollPeriod = Duration.milliseconds(200)
    private static let longestFinish = Duration.seconds(2)
    /// Lines of its standard error that the daemon's log has, a minute.
    private static let mostSaid = 20

    let choice: ProviderChoice
    private let shared: Mutex<(book: ProviderBook, status: ProviderReport)>
    private let isEnding = Mutex(false)
    private let thread: Mutex<HostThread<Void>?> = Mutex(nil)
    private let logger: Logger
    private let onChange: @Sendable () -> Void

    /// - Parameter onChange: called on the provider's thread, at most five times a second.
    init(_ choice: ProviderChoice, logger: Logger, onChange: @escaping @Sendable () -> Void) {
        self.choice = choice
        self.logger = logger
        self.onChange = onChange
        shared = Mutex((ProviderBook(), ProviderReport(name: choice.name)))
    }

    var status: ProviderReport { shared.withLock(\.status) }
    var listing: PortListing? { shared.withLock(\.book.listing) }

    func machines(now: ClockAnchor, staleAfter: Duration) -> MonitorBoard.Machines {
        let (book, failure) = shared.withLock { ($0.book.machines, $0.status.failure) }
        var machines = book.machines(now: now, staleAfter: staleAfter)
        if choice.statistics != nil { machines.failure = failure ?? machines.failure }
        return machines
    }

    func start() {
        // The program must not get the daemon's capabilities.
        let started = HostThread(named: "weir-provider", privileges: .none) { [self] in follow() }
        thread.withLock { $0 = started }
    }

    /// Ends the process, within some seconds; does not wait for that.
    func end() { isEnding.withLock { $0 = true } }

    /// Blocks until the process is gone.
    func waitForEnd() { _ = try? thread.withLock({ $0.take() })?.wait() }
}

extension Provider {
    private var mustEnd: Bool { isEnding.withLock(\.self) }

    private func follow() {
        var backOff = BackOff()
        var random = SystemRandomNumberGenerator()
        // The log has a failure that goes on once.
        var said: String?
        while !mustEnd {
            let began = ContinuousClock.now
            let failure = run()
            shared.withLock { $0.status.pid = nil }
            if mustEnd { return }
            guard let failure else {
                backOff.succeed()
                said = nil
                let ended = ContinuousClock.now
                pause { ContinuousClock.now - ended < choice.every }
                continue
            }
            shared.withLock { shared in
                shared.status.restarts += 1
                shared.status.failure = failure
            }
            if ContinuousClock.now - began > .seconds(60) {
                backOff.succeed()
                said = nil
            }
            if failure != said {
                logger.error("provider \(choice.name): \(failure); it is started again, and what it said holds")
            }
            said = failure
            backOff.fail(at: ClockAnchor.now.monotonic, using: &random)
            pause { backOff.wait(at: ClockAnchor.now.monotonic) != nil }
        }
    }

    private func pause(while condition: () -> Bool) {
        while condition(), !mustEnd { Thread.sleep(forTimeInterval: 0.1) }
    }

    /// Runs one process to its end.
    ///
    /// - Returns: what is wrong; nil where it has ended with status 0, or was to end.
    private func run() -> String? {
        let program: SpawnedProgram
        do throws(KernelError) {
            let command = choice.command.isEmpty ? Self.libvirt(choice) : choice.command
            program = try SpawnedProgram(command[0], Array(command.dropFirst()), environment: Self.environment)
        } catch {
            return "\(error)"
        }
        shared.withLock { shared in
            shared.book.begin()
            shared.status.pid = program.pid
            shared.status.failure = nil
        }
        var talk = Talk()
        let failure = hear(program, &talk)
        let end = finish(program, isAsked: failure != nil || mustEnd)
        if let failure { return failure }
        if mustEnd { return nil }
        guard end == .exited(0) else {
            return [end.description, talk.lastError].compactMap(\.self).joined(separator: "; it said: ")
        }
        settle()
        return nil
    }

    /// Beside the daemon's own program. It prints an empty line every five seconds, unless a call of libvirt's hangs.
    private static func libvirt(_ choice: ProviderChoice) -> [String] {
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/usr/bin/weir"
        let path = URL(filePath: own).deletingLastPathComponent().appending(path: "weir-libvirt").path
        let statistics = choice.statistics.map { ["--statistics", "\($0.components.seconds)"] }
        return [path] + (choice.uri.map { ["--uri", $0] } ?? []) + (statistics ?? [])
    }

    /// How long it may print nothing.
    private var longestSilence: Duration? { choice.silence ?? (choice.command.isEmpty ? .seconds(30) : nil) }

    private static var environment: [String] {
        let environment = ProcessInfo.processInfo.environment
        return ["PATH", "LANG", "LC_ALL", "TZ", "HOME"].compactMap { name in
            environment[name].map { "\(name)=\($0)" }
        }
    }

    /// What is kept while a process is listened to.
    private struct Talk {
        var output = LineCutter(longest: Provider.longestLine)
        var errors = LineCutter(longest: 1000)
        var allowance = Provider.burst
        var filled = ContinuousClock.now
        /// When it printed something last, or was started.
        var heard = ContinuousClock.now
        var hasSpoken = false
        var isChanged = false
        var published = ContinuousClock.now
        var lastError: String?
        var said = 0
        var minute = ContinuousClock.now

        mutating func refill() {
            let now = ContinuousClock.now
            allowance = min(
                Provider.burst, allowance + (now - filled) / .seconds(1) * Provider.linesPerSecond)
            filled = now
        }
    }

    /// Takes what the process prints until it closes its standard output, or is to end.
    ///
    /// - Returns: why it has to be ended; nil where it has closed its output, or the provider is to end.
    private func hear(_ program: SpawnedProgram, _ talk: inout Talk) -> String? {
        defer { publish(&talk) }
        while !mustEnd {
            talk.refill()
            let mayRead = talk.allowance >= 1
            noteHolding(!mayRead)
            program.wait(within: Self.pollPeriod, toOutput: mayRead)
            hearErrors(program, &talk)
            if mayRead, !read(program, &talk) { return nil }
            let quiet = ContinuousClock.now - talk.heard
            if talk.hasSpoken, quiet > Self.settlingTime, settle() { talk.isChanged = true }
            if ContinuousClock.now - talk.published > Self.pollPeriod { publish(&talk) }
            if let most = longestSilence, quiet > most, mayRead {
                return "it has printed nothing for \(Int(most / .seconds(1))) s"
            }
        }
        return nil
    }

    /// Whether there can be more.
    private func read(_ program: SpawnedProgram, _ talk: inout Talk) -> Bool {
        switch program.readOutput() {
        case .nothing: return true
        case .ended: return false
        case .bytes(let bytes):
            let lines = talk.output.take(bytes)
            talk.allowance -= Double(lines.count)
            shared.withLock { shared in
                if !lines.isEmpty { shared.status.heard = ClockAnchor.now.realtime.seconds }
                for line in lines {
                    let effect = line.isEmpty ? .nothing : Self.take(line, &shared)
                    // Who tells of machines may be another thread than who tells of names, and hangs.
                    if effect != .figures { (talk.heard, talk.hasSpoken) = (.now, true) }
                    if effect == .changed { talk.isChanged = true }
                }
            }
            return true
        }
    }

    private static func take(
        _ line: LineCutter.Line, _ shared: inout (book: ProviderBook, status: ProviderReport)
    ) -> ProviderBook.Effect {
        shared.status.linesPrinted += 1
        let effect: ProviderBook.Effect =
            switch line {
            case .text(let text): shared.book.take(text)
            case .tooLong: .refused("it has more than \(longestLine) bytes")
            }
        shared.status.interfaces = shared.book.count
        shared.status.figuresFailure = shared.book.machines.failure
        if case .refused(let reason) = effect {
            shared.status.linesRefused += 1
            shared.status.lastRefusal = reason
        }
        return effect
    }

    @discardableResult
    private func settle() -> Bool {
        let isChanged = shared.withLock { shared in
            defer { shared.status.interfaces = shared.book.count }
            return shared.book.settle()
        }
        if isChanged { onChange() }
        return isChanged
    }

    private func publish(_ talk: inout Talk) {
        guard talk.isChanged else { return }
        (talk.isChanged, talk.published) = (false, .now)
        onChange()
    }

    private func noteHolding(_ isHeldBack: Bool) {
        let isNew = shared.withLock { shared in
            defer { shared.status.isHeldBack = isHeldBack }
            return isHeldBack && !shared.status.isHeldBack
        }
        guard isNew else { return }
        logger.warning(
            "provider \(choice.name) prints more than \(Int(Self.linesPerSecond)) lines a second: it waits, and what it knows comes later"
        )
    }

    private func hearErrors(_ program: SpawnedProgram, _ talk: inout Talk) {
        guard case .bytes(let bytes) = program.readErrors() else { return }
        if ContinuousClock.now - talk.minute > .seconds(60) { (talk.said, talk.minute) = (0, .now) }
        for case .text(let text) in talk.errors.take(bytes) where !text.isEmpty {
            let line = PrintableText.of(text)
            talk.lastError = line
            talk.said += 1
            if talk.said <= Self.mostSaid { logger.notice("provider \(choice.name): \(line)") }
        }
    }

    /// Waits for the end of the process, and has it end where that was asked for or takes long.
    private func finish(_ program: SpawnedProgram, isAsked: Bool) -> HelperProcess.End {
        if isAsked { program.terminate() }
        let deadline = ContinuousClock.now + Self.longestFinish
        var isKilled = false
        while true {
            if isKilled || ContinuousClock.now > deadline {
                // What it has started may still be there when it is gone.
                program.kill()
                isKilled = true
            }
            if let end = program.reap() { return end }
            Thread.sleep(forTimeInterval: 0.01)
        }
    }
}

extension LineCutter.Line {
    fileprivate var isEmpty: Bool { if case .text(let text) = self { text.allSatisfy(\.isWhitespace) } else { false } }
}
