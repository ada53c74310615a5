// SPDX-License-Identifier: Apache-2.0

import CopiedFrames
import CopyDelivery
import Foundation
import Host

/// Takes copies out of the ring, sends them, and tells the daemon of those that could not be sent.
///
/// The place of a copy in the ring is given back after it was sent, or after the daemon was told that it was not: what this process has not
/// done when it ends, the next one does.
struct CopyRelay {
    private let channel: LineChannel
    private var sender = CopySender()
    private var ring: (records: RecordRing, id: UInt32)?
    /// That the daemon has handed over, and that is not read yet.
    private var handed: (records: RecordRing, id: UInt32)?
    private var message = MirrorMessage()
    private var reported: MirrorMessage?
    private var nextReport = ContinuousClock.now
    private var isFinishing = false

    /// A process that is killed has sent so many copies at most whose place it has not given back: the next one sends them again.
    private static let mostAtOnce = 64
    /// Of a record: its head, and the longest frame that programs copy.
    private static let mostBytes = CopiedFrame.headBytes + 65_552
    /// How often the daemon is told how all stands.
    private static let reportPeriod = Duration.milliseconds(250)
    /// Copies that come within this time are read at one go.
    private static let gathering = 0.001

    init(_ channel: LineChannel, _ plan: MirrorPlan) {
        self.channel = channel
        for session in plan.sessions { sender.take(session) }
    }

    mutating func say(_ sentence: String) { message.said.append(sentence) }

    /// - Parameter lines: that came with the plan.
    mutating func run(_ lines: [String]) {
        for line in lines { take(line) }
        report()
        while true {
            hear(within: ring == nil && handed == nil ? Self.reportPeriod : .zero)
            if let handed {
                ring = handed
                (message.ring, message.position) = (handed.id, handed.records.position)
                self.handed = nil
            }
            if isFinishing { return finish() }
            if !sendBatch() { wait() }
            if ContinuousClock.now >= nextReport { report() }
        }
    }

    private func wait() {
        guard let ring else { return }
        ring.records.wait(atMost: Self.reportPeriod, orFor: channel)
        Thread.sleep(forTimeInterval: Self.gathering)
    }

    private mutating func finish() {
        if let ring {
            let end = ring.records.written
            while ring.records.position < end, sendBatch() {}
        }
        report()
    }

    /// Sends some copies. False where there were none.
    private mutating func sendBatch() -> Bool {
        guard let records = ring?.records else { return false }
        defer { records.release() }
        guard let batch = records.take(atMost: Self.mostAtOnce, length: Self.mostBytes) else {
            say("what lies in the ring of copies is no record, and is passed over")
            return true
        }
        for copy in batch.lazy.compactMap({ CopiedFrame($0) }) where copy.cause == .session {
            // The daemon has told of its session before it can be here.
            if !sender.knows(copy.label) { hear(within: .zero) }
            sender.send(copy)
        }
        message.position = records.position
        if sender.hasUnsent { report() }
        return !batch.isEmpty
    }

    private mutating func report() {
        nextReport = .now + Self.reportPeriod
        message.sent = sender.sent
        message.unsent = sender.takeUnsent()
        message.said += sender.takeSaid()
        guard message != reported else { return }
        guard let data = try? JSONEncoder().encode(message) else { return }
        if !channel.send(String(decoding: data, as: UTF8.self)) { exit(0) }
        (message.unsent, message.said) = ([], [])
        reported = message
    }

    /// Takes all that the daemon has said; waits for it if there is nothing yet.
    private mutating func hear(within duration: Duration) {
        var duration = duration
        while true {
            switch channel.receive(within: duration) {
            case .nothing: return
            case .ended: exit(0)
            case .lines(let lines): for line in lines { take(line) }
            }
            duration = .zero
        }
    }

    private mutating func take(_ line: String) {
        if line == MirrorMessage.finish {
            isFinishing = true
        } else if let session = MirrorMessage.session(line) {
            sender.take(session)
        } else if let plan = try? JSONDecoder().decode(MirrorPlan.self, from: Data(line.utf8)) {
            for session in plan.sessions { sender.take(session) }
        } else if let outlet = MirrorMessage.outlet(line), let descriptor = channel.takeDescriptor() {
            sender.take(TunnelSocket(descriptor), as: outlet)
        } else if let new = MirrorMessage.ring(line), let descriptor = channel.takeDescriptor() {
            take(new, descriptor)
        }
    }

    private mutating func take(_ new: MirrorMessage.Ring, _ descriptor: consuming Descriptor) {
        do throws(KernelError) {
            let records = try RecordRing(descriptor, size: new.size)
            records.skip(to: new.done)
            handed = (records, new.id)
            message.failure = nil
        } catch {
            message.failure = "\(error)"
        }
    }
}
