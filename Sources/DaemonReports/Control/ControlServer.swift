// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import Foundation
package import Host
import HostMonitor
package import Logging
import Reporting
package import WeirConfiguration
import WeirService

/// Answers on the control socket and, where it was asked for, on a TCP port: HTTP, so that `curl --unix-socket` will do.
///
///     GET /status    the daemon's report, as JSON; on the control socket alone
///     GET /monitor   what the host and its machines do, as JSON; on the control socket alone
///     GET /sampling  what is sampled at ports, as JSON; on the control socket alone
///     GET /metrics   the same and more for Prometheus
///     /taps          tap services and what belongs to them: `TapRoutes`; on the control socket alone
///
/// One thread, which neither waits for the meter nor delays it.
package final class ControlServer: Sendable {
    private let server: HTTPServer
    private let logger: Logger

    package init(
        board: DaemonBoard, socket path: String, metrics: MetricsAddress?, logger: Logger
    ) throws(KernelError) {
        let page = CachedAnswer(lifetime: .seconds(1)) {
            var text = MetricsText(DaemonMetrics.all, of: board.metrics).bytes
            // Nothing is known of machines where nothing is read.
            if board.monitor.interval > .zero {
                text += MetricsText(MonitorReport.metrics, of: board.monitor.report).bytes
            }
            let sampling = board.sampling.report
            if !sampling.ports.isEmpty { text += MetricsText(SamplingReport.metrics, of: sampling).bytes }
            return HTTPAnswer(contentType: MetricsText.contentType, body: text).tagged
        }
        var onPort = HTTPRoutes()
        onPort.add("/metrics") { _ in page.answer }
        var onSocket = onPort
        onSocket.add("/status") { _ in Self.json(board.current) }
        let monitor = CachedAnswer(lifetime: .seconds(1)) {
            board.monitor.interval > .zero ? Self.json(board.monitor.report) : .notFound
        }
        onSocket.add("/monitor") { _ in monitor.answer }
        onSocket.add("/sampling") { _ in Self.json(board.sampling.report) }
        TapRoutes(desk: board.taps).add(to: &onSocket)
        var limits = HTTPLimits()
        limits.bodyBytes = TapRoutes.mostBytes
        let port = metrics.map { HTTPEndpoint(.tcp(address: $0.host, port: $0.port), onPort) }
        server = try HTTPServer([HTTPEndpoint(.path(path), onSocket, limits: limits)] + [port].compactMap(\.self))
        self.logger = logger
    }

    /// Ends `run`.
    package func stop() { server.stop() }

    /// Serves until it is stopped; blocks its thread. The log names what cannot be served; the rest is.
    package func run() {
        server.run { place, reason in logger.warning("\(Self.sentence(place, reason)); measuring goes on") }
    }

    private static func json(_ report: some ReportSection) -> HTTPAnswer {
        let body = (try? JSONEncoder().encode(report)) ?? Data()
        let text = PrintableText.json(String(decoding: body, as: UTF8.self))
        return HTTPAnswer(contentType: "application/json", body: Array(text.utf8))
    }

    private static func sentence(_ place: HTTPEndpoint.Place, _ reason: String) -> String {
        switch place {
        case .path(let path):
            "cannot answer on \(path): \(reason); name another socket with --socket or WEIR_SOCKET"
        case .tcp(let address, let port):
            "cannot serve metrics on \(address.contains(":") ? "[\(address)]" : address):\(port): \(reason); "
                + "name another address with --metrics"
        }
    }
}
