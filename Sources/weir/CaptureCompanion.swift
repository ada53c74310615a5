// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import Foundation
import Host
import Synchronization
import TapService

/// What a capture needs beside the thread that reads: it is renewed at the daemon, and signals are heard. Used from any thread.
final class CaptureCompanion: Sendable {
    struct News {
        /// How the capture stands, where that was asked since the last call.
        var view: TapCaptureView?
        /// Why the daemon does not know it any more.
        var gone: String?
        /// Whether a signal has come.
        var isStopped = false
    }

    let id: String
    private let client: TapClient
    private let news = Mutex(News())
    private let isOver = Mutex(false)
    private let bell: Bell
    private let over: Bell

    private static let pace = Duration.seconds(2)

    init(_ client: TapClient, _ id: String) throws(KernelError) {
        self.client = client
        self.id = id
        bell = try Bell()
        over = try Bell()
    }

    func start(_ signals: AwaitedSignals) {
        _ = HostThread(named: "renewal") { [self] in renew() }
        _ = HostThread(named: "signals") { [self] in
            _ = signals.next()
            news.withLock { $0.isStopped = true }
            bell.ring()
            // Where the other end of a pipe takes nothing, the first one is not enough. The daemon ends the capture soon.
            _ = signals.next()
            _exit(1)
        }
    }

    /// The capture is not renewed any more.
    func stop() {
        isOver.withLock { $0 = true }
        over.ring()
    }

    func take() -> News {
        news.withLock { news in
            defer { news.view = nil }
            return news
        }
    }

    /// - Returns: false where the time is over.
    func wait(atMost duration: Duration, orForReadable other: CInt) -> Bool {
        bell.wait(atMost: duration, orForReadable: other)
    }

    /// Asks at once how the capture stands; nil where that is not known.
    func ask() -> TapCaptureView? { (try? client.renewCapture(id)) ?? nil }

    private func renew() {
        while true {
            over.wait(atMost: Self.pace)
            if isOver.withLock(\.self) { return }
            do throws(TapClient.Refusal) {
                guard let view = try client.renewCapture(id) else { continue }
                news.withLock { $0.view = view }
            } catch {
                if isOver.withLock(\.self) { return }
                news.withLock { $0.gone = error.description }
                bell.ring()
                return
            }
        }
    }
}
