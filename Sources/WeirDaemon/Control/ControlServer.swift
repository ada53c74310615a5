// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Foundation
package import Host
package import Logging
import Synchronization

/// Answers on the control socket and, where it was asked for, on a TCP port: HTTP, so that `curl --unix-socket` will do.
///
///     GET /status    the daemon's report, as JSON; on the control socket alone
///     GET /metrics   the same and more for Prometheus
///
/// One thread, a bounded number of connections, and nothing of it waits for the meter or holds it up.
package final class ControlServer: Sendable {
    private let board: DaemonBoard
    private let path: String
    private let metrics: MetricsAddress?
    private let logger: Logger
    private let bell: Bell
    private let isStopped = Mutex(false)
    private let page: MetricsPage

    package init(
        board: DaemonBoard, socket path: String, metrics: MetricsAddress?, logger: Logger
    ) throws(KernelError) {
        self.board = board
        self.path = path
        self.metrics = metrics
        self.logger = logger
        bell = try Bell()
        page = MetricsPage(board)
    }

    /// Ends `run`.
    package func stop() {
        isStopped.withLock { $0 = true }
        bell.ring()
    }

    /// Serves until it is stopped; blocks its thread. What cannot be served is said in the log, and the rest is.
    package func run() {
        let control = attempt { try openSocket() }
        defer { if control != nil { SocketFile(path).remove() } }
        let port = attempt { try openMetrics() }
        serve([control, port].compactMap(\.self))
    }

    private func serve(_ receptions: [Reception]) {
        var receptions = receptions
        while !isStopped.withLock(\.self) {
            var wait = SocketWait(bell: bell)
            var due: [ContinuousClock.Instant] = []
            for index in receptions.indices {
                if let moment = receptions[index].prepare(&wait) { due.append(moment) }
            }
            let now = ContinuousClock.now
            wait.wait(atMost: due.min().map { now.duration(to: $0) } ?? .seconds(3600))
            for index in receptions.indices { receptions[index].serve(wait, now: .now) }
        }
    }

    private func attempt(_ open: () throws -> Reception?) -> Reception? {
        do { return try open() } catch {
            logger.warning("\(error); measuring goes on")
            return nil
        }
    }
}

extension ControlServer {
    private func openSocket() throws(ControlError) -> Reception {
        do {
            try SocketFile(path).makeWay()
            let listener = try Listener.onPath(path)
            return Reception(listener) { [self] request, socket in answer(request, socket) }
        } catch {
            throw ControlError(
                "cannot answer on \(path): \(SocketFile.reason(error)); name another socket with --socket or WEIR_SOCKET"
            )
        }
    }

    private func openMetrics() throws(ControlError) -> Reception? {
        guard let metrics else { return nil }
        do {
            let listener = try Listener.onTCP(metrics.host, port: metrics.port)
            return Reception(listener) { [page] request, _ in
                request.path == "/metrics" ? page.answer : .notFound
            }
        } catch {
            throw ControlError(
                "cannot serve metrics on \(metrics): \(error.cause); name another address with --metrics")
        }
    }

    private func answer(_ request: HTTPRequest, _ socket: StreamSocket) -> HTTPAnswer {
        guard let group = SocketPeer.group(of: path), socket.peer?.mayAsk(group: group) == true else {
            return HTTPAnswer(status: 403, "Forbidden", sentence: ControlError.forbidden(path).description)
        }
        switch request.path {
        case "/status": return status
        case "/metrics": return page.answer
        default: return .notFound
        }
    }

    private var status: HTTPAnswer {
        let body = (try? JSONEncoder().encode(board.current)) ?? Data()
        let text = PrintableText.json(String(decoding: body, as: UTF8.self))
        return HTTPAnswer(contentType: "application/json", body: Array(text.utf8))
    }
}
