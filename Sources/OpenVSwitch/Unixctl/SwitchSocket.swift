// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import Glibc
import Host
import SystemPackage

/// A control socket of a running `ovs-vswitchd`.
package struct SwitchSocket: Equatable, Sendable {
    package let path: String
    /// The process behind it; 0 where it is in a PID namespace that is not seen from here.
    package let pid: Int32
    /// Of the socket's inode: another one after a restart, also where path and pid are the same.
    private let identity: [Int]

    private static let program = "ovs-vswitchd"
    private static let patience = Duration.milliseconds(200)

    /// The one that the operator names, else that of the process whose pid is in `ovs-vswitchd.pid`, else one of the
    /// run directory that takes a connection: a switch that was started without a pid file has none, and a stale file names none.
    package static func find(in runDirectory: String, named path: String? = nil) throws(UnixctlFailure) -> SwitchSocket
    {
        if let path { return try connect(to: path) }
        let folder: HeldFolder
        do { folder = try HeldFolder(FilePath(runDirectory), .anyFolder) } catch {
            throw .unreachable("cannot read \(runDirectory): \(error)")
        }
        if let pid = pid(in: folder), let socket = try? connect(to: "\(runDirectory)/\(program).\(pid).ctl") {
            return socket
        }
        for name in sockets(in: folder) {
            if let socket = try? connect(to: "\(runDirectory)/\(name)") { return socket }
        }
        throw .unreachable(
            "no \(program).*.ctl in \(runDirectory) takes a connection; start it, or name its control socket with --ovs-control"
        )
    }

    private static func pid(in folder: HeldFolder) -> Int32? {
        guard let bytes = try? folder.read("\(program).pid", limit: 64) else { return nil }
        return Int32(String(decoding: bytes.prefix { (0x30...0x39).contains($0) }, as: UTF8.self))
    }

    /// Those of processes that were killed are still there.
    private static func sockets(in folder: HeldFolder) -> [String] {
        ((try? folder.names()) ?? []).filter { $0.hasPrefix("\(program).") && $0.hasSuffix(".ctl") }.reversed()
    }

    private static func connect(to path: String) throws(UnixctlFailure) -> SwitchSocket {
        do throws(KernelError) {
            let socket = try StreamSocket.connect(to: path, patience: patience)
            return SwitchSocket(path: path, pid: socket.peer?.process ?? 0, identity: identity(of: path))
        } catch {
            throw .unreachable("\(path): \(error.cause)")
        }
    }

    /// Whether the same socket is still at its path.
    package var isInPlace: Bool { Self.identity(of: path) == identity }

    private static func identity(of path: String) -> [Int] {
        guard let (folder, name) = try? HeldFolder.holding(FilePath(path)), let facts = try? folder.facts(of: name)
        else {
            return []
        }
        return [Int(bitPattern: facts.st_dev), Int(bitPattern: facts.st_ino)]
    }
}
