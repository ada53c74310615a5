// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import HostMonitor
import Synchronization
import WeirService

/// Answers `GET /monitor` on a socket of its own, as the daemon does.
final class MonitorServer: Sendable {
    let socket: String
    private let server: HTTPServer
    private let thread: HostThread<Void>

    /// What it answers now.
    final class Answer: Sendable {
        private let answer: Mutex<HTTPAnswer>

        init(_ answer: HTTPAnswer) { self.answer = Mutex(answer) }

        var current: HTTPAnswer {
            get { answer.withLock(\.self) }
            set { answer.withLock { $0 = newValue } }
        }
    }

    static func with(_ answer: Answer, _ body: (MonitorServer) throws -> Void) throws {
        let server = try MonitorServer(answer)
        let result = Result { try body(server) }
        server.server.stop()
        try server.thread.wait()
        try? FileManager.default.removeItem(atPath: (server.socket as NSString).deletingLastPathComponent)
        try result.get()
    }

    private init(_ answer: Answer) throws {
        // A path of a socket has at most 107 bytes.
        socket = "/tmp/weir-t-\(UInt32.random(in: 0...(.max)))/s"
        var routes = HTTPRoutes()
        routes.add("/monitor") { _ in answer.current }
        let server = try HTTPServer([HTTPEndpoint(.path(socket), routes)])
        let failure = Mutex<String?>(nil)
        let isOpen = DispatchSemaphore(value: 0)
        thread = HostThread(named: "weir-t-monitor") {
            server.run(
                onFailure: { _, reason in failure.withLock { $0 = reason } }, onListening: { _ in isOpen.signal() })
        }
        self.server = server
        isOpen.wait()
        if let failure = failure.withLock(\.self) { throw Failure(description: failure) }
    }

    private struct Failure: Error { let description: String }
}

extension HTTPAnswer {
    static func report(_ report: MonitorReport) throws -> HTTPAnswer {
        HTTPAnswer(contentType: "application/json", body: Array(try JSONEncoder().encode(report)))
    }
}

extension MonitorReport {
    /// A host with two machines and a port.
    static var example: MonitorReport {
        var report = MonitorReport()
        report.timeMilliseconds = 1_529_511_600_000
        report.intervalSeconds = 5
        report.host.hostname = "node1"
        report.host.cpu.busyPercent = 12.5
        report.machines = [machine("a", state: 1), machine("b", state: 5)]
        var port = MonitoredPort()
        port.interface = "tap1"
        port.role = "guest"
        port.egress.packets = 7
        report.ports = [port]
        return report
    }

    static func machine(_ id: String, state: Int) -> MachineReport {
        var machine = MachineReport()
        machine.domain = "instance-\(id)"
        machine.instanceID = "\(id)0000000-0000-0000-0000-000000000000"
        machine.instanceName = "web-\(id)"
        machine.state = state
        machine.cpuPercent = 37.5
        return machine
    }
}
