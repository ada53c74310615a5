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

    /// Serves until the task is cancelled. The socket belongs to this user alone (mode 0660).
    package func run() async throws {
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try? FileManager.default.removeItem(atPath: path)
        defer { try? FileManager.default.removeItem(atPath: path) }
        let server = HTTPServer(address: .unix(path: path), timeout: 5, logger: .disabled)
        await server.appendRoute("GET /status") { _ in
            HTTPResponse(
                statusCode: .ok, headers: [.contentType: "application/json"],
                body: try JSONEncoder().encode(board.current))
        }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await server.run() }
            group.addTask {
                try await server.waitUntilListening()
                try FileManager.default.setAttributes([.posixPermissions: 0o660], ofItemAtPath: path)
            }
            try await group.waitForAll()
        }
    }
}
