// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import FlowModel
import Glibc
import Synchronization

/// A program that all ports of a network namespace share.
final class SharedProgram: Sendable {
    let program: Program
    /// The id of the table by which it knows interfaces.
    let table: UInt32?
    /// Where it is pinned; nil: nowhere.
    let path: String?

    init(_ program: consuming Program, of table: InterfaceTable, pinnedAt path: String?) {
        self.program = program
        self.table = table.id
        self.path = path
    }

    /// Where it was pinned and is no more.
    var missingPin: String? { path.flatMap { unsafe access($0, F_OK) == 0 ? nil : $0 } }
}

/// The programs that ports share, each loaded once: pinned where the tables are, so that the next process finds them.
///
/// Safe to use from any thread; the turn of the ports must be the caller's.
final class SharedPrograms: Sendable {
    fileprivate struct Key: Hashable {
        let kind: ProgramKind
        let isJudged: Bool
        /// Inode number of the network namespace.
        let namespace: UInt64
    }

    private let directory: PinDirectory?
    private let programs = Mutex<[Key: SharedProgram]>([:])

    /// - Parameter directory: in which they are or will be pinned; nil: nowhere.
    init(in directory: PinDirectory?) { self.directory = directory }

    fileprivate subscript(_ key: Key) -> SharedProgram? {
        get { programs.withLock { $0[key] } }
        set { programs.withLock { $0[key] = newValue } }
    }

    /// Of an object's program: another build's object has another place.
    fileprivate func path(_ key: Key, _ object: [UInt8]) -> String? {
        let judged = key.isJudged ? "-judged" : ""
        return directory.map {
            "\($0.layout)/\(key.kind.name)\(judged)-\(key.namespace)-\(String(Self.digest(of: object), radix: 16))"
        }
    }

    /// FNV-1a.
    private static func digest(of bytes: [UInt8]) -> UInt32 {
        bytes.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }

    /// Those of these namespaces that are loaded here.
    func loaded(in namespaces: Set<UInt64>) -> [SharedProgram] {
        programs.withLock { $0.filter { namespaces.contains($0.key.namespace) }.map(\.value) }
    }

    /// Forgets those of a namespace that has no ports any more.
    func remove(_ namespace: UInt64) {
        programs.withLock { $0 = $0.filter { $0.key.namespace != namespace } }
        guard let directory else { return }
        for name in PinDirectory.entries(of: directory.layout) where name.contains("-\(namespace)-") {
            unsafe unlink("\(directory.layout)/\(name)")
        }
    }
}

extension FlowTables {
    /// Calls `body` with the program of that kind for a port: shared, or loaded for that port alone.
    func withProgram<Result: ~Copyable>(
        _ kind: ProgramKind, for port: RegisteredPort, isJudged: Bool,
        _ body: (borrowing Program) throws(KernelError) -> Result
    ) throws(KernelError) -> Result {
        guard kind.isShared else { return try body(try load(kind, for: port, isJudged: isJudged)) }
        let table = try maps.interfaces(of: port.networkNamespace)
        try table.set(port)
        return try body(try shared(kind, isJudged: isJudged, of: table).program)
    }

    /// The program of that kind that all ports of a network namespace share. Where it is to be loaded, the verifier takes some
    /// milliseconds.
    ///
    /// - Parameters:
    ///   - isJudged: whether it asks the policy, for which `makePolicy` must have been called.
    ///   - table: of the namespace. Interfaces of others are no ports for the program.
    private func shared(
        _ kind: ProgramKind, isJudged: Bool, of table: InterfaceTable
    ) throws(KernelError) -> SharedProgram {
        let key = SharedPrograms.Key(kind: kind, isJudged: isJudged, namespace: table.namespace)
        if let known = programs[key], known.table == table.id { return known }
        let object = kind.object(for: geometry.engine, isJudged: isJudged, isOnLinks: TCHook.hasLinks)
        let path = programs.path(key, object)
        let shared: SharedProgram
        if let pinned = try pinned(path, table) {
            shared = SharedProgram(Program(loaded: pinned, kind: kind, isJudged: isJudged), of: table, pinnedAt: path)
        } else {
            shared = SharedProgram(try load(key, object, table), of: table, pinnedAt: path)
            if let path { try shared.program.loaded.pin(at: path) }
        }
        programs[key] = shared
        return shared
    }

    /// The program pinned there, where it is of that table; what is of another is unpinned.
    private func pinned(_ path: String?, _ table: InterfaceTable) throws(KernelError) -> BPFProgram? {
        guard let path, let id = table.id, unsafe access(path, F_OK) == 0 else { return nil }
        let program = try BPFProgram.open(pinnedAt: path)
        if try program.mapIDs().contains(id) { return program }
        unsafe unlink(path)
        return nil
    }

    /// Loads a program that ports share, for one port without an interface: frames on which it is run are of the loopback
    /// interface of this thread's network namespace, and that one is made the port.
    package func loadShared(
        _ kind: ProgramKind, for port: RegisteredPort, isJudged: Bool = false
    ) throws(KernelError) -> Program {
        let table = try maps.interfaces(of: try NetworkInterface.currentNamespace())
        try table.set(port, at: 1)
        if isJudged { try maps.publishConnections(of: [port]) }
        let object = kind.object(for: geometry.engine, isJudged: isJudged, isOnLinks: TCHook.hasLinks)
        return try load(
            SharedPrograms.Key(kind: kind, isJudged: isJudged, namespace: table.namespace), object, table)
    }

    private func load(
        _ key: SharedPrograms.Key, _ bytes: [UInt8], _ table: InterfaceTable
    ) throws(KernelError) -> Program {
        let configuration = weir_program_config(
            port: 0, role: 0, zero: 0, network_namespace: UInt32(truncatingIfNeeded: key.namespace),
            table: control.table)
        let object = try Program.open(key.kind, bytes, configuration, isJudged: key.isJudged, maps: maps)
        try table.share(with: object)
        return try Program.load(key.kind, object, isJudged: key.isJudged)
    }
}
