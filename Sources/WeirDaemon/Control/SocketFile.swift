// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Foundation

/// The place in the file system where the control socket is to be.
struct SocketFile {
    private let path: String

    init(_ path: String) { self.path = path }

    /// Makes the folder, and removes the socket of a daemon that is dead; nothing else.
    func makeWay() throws {
        let folder = (path as NSString).deletingLastPathComponent
        if let type = Self.type(of: folder), type != .typeDirectory { throw Obstacle.notFolder }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        guard let type = Self.type(of: path) else { return }
        guard type == .typeSocket else { throw Obstacle.notSocket }
        guard case .nobody = ControlClient.ask(at: path) else { throw Obstacle.otherDaemon }
        try FileManager.default.removeItem(atPath: path)
    }

    /// What is at the path, following links; nil where nothing is.
    private static func type(of path: String) -> FileAttributeType? {
        let target = URL(filePath: path).resolvingSymlinksInPath().path
        return try? FileManager.default.attributesOfItem(atPath: target)[.type] as? FileAttributeType
    }

    private enum Obstacle: String, Error {
        case notFolder = "what should be its folder is something else"
        case notSocket = "something that is not a socket is there"
        case otherDaemon = "another daemon answers there"
    }

    /// Why it cannot be had, as a part of a sentence.
    static func reason(_ error: any Error) -> String {
        (error as? Obstacle)?.rawValue ?? (error as? KernelError)?.cause ?? systemReason(error)
    }
}
