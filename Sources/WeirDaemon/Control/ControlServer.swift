// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlyingFox
import FlyingSocks
import Foundation

/// Answers on the control socket: HTTP, so that `curl --unix-socket` will do.
///
///     GET /status   the daemon's report, as JSON
package struct ControlServer: Sendable {
    private let board: DaemonBoard
    private let path: String

    package init(board: DaemonBoard, path: String) {
        self.board = board
        self.path = path
    }

    /// Serves until the task is cancelled. The socket belongs to this user and group alone (mode 0660).
    package func run() async throws {
        do {
            try await makeWay()
            defer { try? FileManager.default.removeItem(atPath: path) }
            try await serve()
        } catch is CancellationError {
        } catch {
            throw ControlError(path: path, reason: (error as? Obstacle)?.rawValue ?? systemReason(error))
        }
    }

    /// Removes the socket of a daemon that is dead, and nothing else.
    private func makeWay() async throws {
        let files = FileManager.default
        try files.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        guard let type = try? files.attributesOfItem(atPath: path)[.type] as? FileAttributeType else { return }
        guard type == .typeSocket else { throw Obstacle.notSocket }
        guard await ControlClient.report(at: path) == nil else { throw Obstacle.otherDaemon }
        try files.removeItem(atPath: path)
    }

    private func serve() async throws {
        let server = HTTPServer(address: .unix(path: path), timeout: 5, logger: .disabled)
        await server.appendRoute("GET /status") { [board] _ in
            HTTPResponse(
                statusCode: .ok, headers: [.contentType: "application/json"],
                body: try JSONEncoder().encode(board.current))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask { [path] in
                try await server.waitUntilListening()
                try FileManager.default.setAttributes([.posixPermissions: 0o660], ofItemAtPath: path)
            }
            try await group.waitForAll()
        }
    }

    private enum Obstacle: String, Error {
        case notSocket = "something that is not a socket is there"
        case otherDaemon = "another daemon answers there"
    }
}

/// A daemon that cannot be asked.
package struct ControlError: Error, Equatable, CustomStringConvertible {
    package let path: String
    package let reason: String

    package var description: String {
        "cannot answer on \(path): \(reason); name another socket with --socket or WEIR_SOCKET"
    }
}
