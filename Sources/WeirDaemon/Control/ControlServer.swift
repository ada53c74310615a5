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
        } catch {
            // A server that is cancelled fails in whatever it was doing.
            if Task.isCancelled { return }
            throw ControlError(path: path, reason: (error as? Obstacle)?.rawValue ?? systemReason(error))
        }
    }

    /// Removes the socket of a daemon that is dead, and nothing else.
    private func makeWay() async throws {
        let folder = (path as NSString).deletingLastPathComponent
        if let type = Self.type(of: folder), type != .typeDirectory { throw Obstacle.notFolder }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard let type = Self.type(of: path) else { return }
        guard type == .typeSocket else { throw Obstacle.notSocket }
        guard await ControlClient.report(at: path) == nil else { throw Obstacle.otherDaemon }
        try FileManager.default.removeItem(atPath: path)
    }

    /// What is at the path, following links; nil where nothing is.
    private static func type(of path: String) -> FileAttributeType? {
        let target = URL(filePath: path).resolvingSymlinksInPath().path
        return try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
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
        case notFolder = "what should be its folder is something else"
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
