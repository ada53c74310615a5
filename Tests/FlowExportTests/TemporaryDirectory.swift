// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage

/// A directory of a test's own, removed at its end; where asked for, a file system of its own of a few pages, which
/// needs root.
final class TemporaryDirectory {
    let url: URL
    /// Beside it, for what a sink keeps of its own.
    let state: URL
    private let isMounted: Bool

    init(fileSystemSize size: String? = nil) throws {
        url = URL(filePath: "/tmp/weir-export-tests-\(UUID().uuidString)", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        state = URL(filePath: url.path + "-state", directoryHint: .isDirectory)
        try FileManager.default.createDirectory(at: state, withIntermediateDirectories: true)
        isMounted = size != nil
        if let size { try Command.run("mount", "-t", "tmpfs", "-o", "size=\(size)", "tmpfs", url.path) }
    }

    deinit {
        if isMounted { _ = try? Command.run("umount", url.path) }
        try? FileManager.default.removeItem(at: url)
        try? FileManager.default.removeItem(at: state)
    }

    var path: FilePath { FilePath(url.path) }
    var statePath: FilePath { FilePath(state.path) }

    /// Paths of all files below, relative to the directory, sorted.
    func files() -> [String] {
        let enumerator = FileManager.default.enumerator(atPath: url.path)
        let paths = enumerator?.compactMap { $0 as? String } ?? []
        return paths.filter { !isDirectory($0) }.sorted()
    }

    /// The files that have their final name.
    func published() -> [String] { files().filter { $0.hasPrefix("AWSLogs/") } }

    /// The files that are not published yet.
    func staged() -> [String] { files().filter { $0.hasPrefix(".weir-test/") } }

    /// What is in a file whose name does not say that it is packed.
    func unpacked(_ file: String) throws -> String {
        try Command.run("sh", "-c", "zcat < '\(url.appending(path: file).path)'")
    }

    func text(of file: String) throws -> String {
        let path = url.appending(path: file).path
        try Command.run("gzip", "-t", path)
        return try Command.run("zcat", path)
    }

    private func isDirectory(_ path: String) -> Bool {
        let attributes = try? FileManager.default.attributesOfItem(atPath: url.appending(path: path).path)
        return attributes?[.type] as? FileAttributeType == .typeDirectory
    }
}

enum Command {
    struct Failure: Error {
        let command: [String]
        let status: Int32
    }

    /// Runs a program of the system and returns what it wrote; throws where it failed.
    @discardableResult
    static func run(_ command: String...) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = command
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(command: command, status: process.terminationStatus)
        }
        return String(decoding: data, as: UTF8.self)
    }
}
