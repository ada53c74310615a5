// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage

/// Where frames go.
enum CaptureTarget: Equatable {
    case output
    case file(String)
    /// Files one after the other: each has at most so many bytes, and so many are kept; nil: all.
    case files(String, bytes: Int, kept: Int?)

    /// The folder in which files are made one after the other; nil: none is.
    var folder: String? {
        guard case .files(let path, _, _) = self else { return nil }
        let folder = FilePath(path).removingLastComponent().string
        return folder.isEmpty ? "." : folder
    }

    /// As sentences name it.
    var text: String {
        switch self {
        case .output: "standard output"
        case .file(let path), .files(let path, _, _): path
        }
    }
}

/// The files of a capture. What is there under such a name is replaced, but no link is followed.
struct CaptureFiles {
    private let target: CaptureTarget
    private var descriptor: FileDescriptor?
    /// Of the file that is open.
    private var size = 0
    private var made = 0
    /// Those that are there, the oldest first.
    private(set) var paths: [String] = []

    init(_ target: CaptureTarget) { self.target = target }

    /// Whether the file would have too many bytes with these.
    func isFull(with bytes: Int) -> Bool {
        guard case .files(_, let most, _) = target else { return false }
        return size > 0 && size + bytes > most
    }

    /// Opens the first file, or the next one, and removes the oldest where too many are kept.
    mutating func open() throws(CaptureFailure) {
        close()
        switch target {
        case .output: descriptor = .standardOutput
        case .file(let path): descriptor = try Self.make(path)
        case .files(let path, _, let kept):
            made += 1
            let name = Self.name(path, made)
            descriptor = try Self.make(name)
            paths.append(name)
            while let kept, paths.count > kept { try? FileManager.default.removeItem(atPath: paths.removeFirst()) }
        }
        if case .file(let path) = target { paths = [path] }
        size = 0
    }

    mutating func write(_ bytes: [UInt8]) throws(CaptureFailure) {
        guard let descriptor, !bytes.isEmpty else { return }
        do { try descriptor.writeAll(bytes) } catch {
            if case Errno.brokenPipe = error { throw .ended }
            throw .failed("cannot write \(paths.last ?? target.text): \(Self.reason(error))")
        }
        size += bytes.count
    }

    mutating func close() {
        if target != .output { try? descriptor?.close() }
        descriptor = nil
    }

    /// Frames are for their captor's eyes.
    private static func make(_ path: String) throws(CaptureFailure) -> FileDescriptor {
        do {
            return try FileDescriptor.open(
                FilePath(path), .writeOnly, options: [.create, .truncate, .noFollow, .closeOnExec],
                permissions: .ownerReadWrite)
        } catch {
            throw .failed("cannot write \(path): \(reason(error))")
        }
    }

    private static func reason(_ error: any Error) -> String {
        switch error as? Errno {
        case .tooManySymbolicLinkLevels?: "it is a link, which is not followed: name another file"
        case .permissionDenied?: "permission denied: name a folder that root owns"
        case let code?: "\(code)"
        case nil: "\(error)"
        }
    }

    /// `a.pcapng`, 1: `a-00001.pcapng`.
    static func name(_ path: String, _ number: Int) -> String {
        let digits = String(number)
        let text = "-" + String(repeating: "0", count: max(0, 5 - digits.count)) + digits
        let file = FilePath(path)
        guard let ending = file.extension, let stem = file.stem else { return path + text }
        return file.removingLastComponent().appending("\(stem)\(text).\(ending)").string
    }
}

/// Why a capture cannot go on.
enum CaptureFailure: Error, Equatable {
    /// The reader of what it writes is gone.
    case ended
    /// In one sentence.
    case failed(String)
}
