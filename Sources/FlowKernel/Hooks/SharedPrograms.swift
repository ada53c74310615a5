// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowModel
import Glibc
package import Host
import Synchronization

/// A program that several ports share.
final class SharedProgram: Sendable {
    let program: Program
    /// The id of the map by which it knows ports: of another one it is not the program that is wanted.
    let map: UInt32?
    /// Where it is pinned; nil: nowhere.
    let path: String?

    init(_ program: consuming Program, of map: UInt32?, pinnedAt path: String?) {
        self.program = program
        self.map = map
        self.path = path
    }

    /// Where it was pinned and is no more.
    var missingPin: String? { path.flatMap { unsafe access($0, F_OK) == 0 ? nil : $0 } }
}

/// The programs that ports share, each loaded once: pinned where the tables are, so that the next process finds them.
///
/// Safe to use from any thread; the turn of the ports must be the caller's.
final class SharedPrograms: Sendable {
    /// Which ports share a program.
    fileprivate enum Scope: Hashable {
        /// Those of the network namespace with that inode number.
        case namespace(UInt64)
        /// Those of that role: the program for frames that are sent past qdiscs is told the port.
        case role(PortRole)

        var text: String {
            switch self {
            case .namespace(let inode): "\(inode)"
            case .role(let role): role.name
            }
        }

        func has(_ port: RegisteredPort) -> Bool {
            switch self {
            case .namespace(let inode): port.isIn(inode)
            case .role(let role): port.toHook == .fentry && port.role == role
            }
        }
    }

    fileprivate struct Key: Hashable {
        let kind: ProgramKind
        let use: ProgramUse
        let scope: Scope
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
        let use = (key.use.asksPolicy ? "-judged" : "") + key.use.copying.pinSuffix
        return directory.map {
            "\($0.layout)/\(key.kind.name)\(use)-\(key.scope.text)-\(String(Self.digest(of: object), radix: 16))"
        }
    }

    /// FNV-1a.
    private static func digest(of bytes: [UInt8]) -> UInt32 {
        bytes.reduce(2_166_136_261) { ($0 ^ UInt32($1)) &* 16_777_619 }
    }

    /// Those of these ports that are loaded here.
    func loaded(for ports: [RegisteredPort]) -> [SharedProgram] {
        programs.withLock { programs in
            programs.filter { entry in ports.contains { entry.key.scope.has($0) } }.map(\.value)
        }
    }

    /// Forgets those of a network namespace that has no ports any more.
    func remove(ofNamespace inode: UInt64) { remove(.namespace(inode)) }

    /// Forgets those for frames that are sent past qdiscs, where no port has such frames counted any more.
    func removeSent() {
        for role in PortRole.allCases { remove(.role(role)) }
    }

    private func remove(_ scope: Scope) {
        programs.withLock { $0 = $0.filter { $0.key.scope != scope } }
        guard let directory else { return }
        for name in Folder.entries(of: directory.layout)
        where name.hasPrefix("weir_") && name.contains("-\(scope.text)-") {
            unsafe unlink("\(directory.layout)/\(name)")
        }
    }
}

extension SharedPrograms {
    /// Calls `body` with the program of that kind for a port: shared, or loaded for that port alone.
    func withProgram<Result: ~Copyable>(
        _ kind: ProgramKind, for port: RegisteredPort, use: ProgramUse, on tables: borrowing FlowTables,
        _ body: (borrowing Program) throws(KernelError) -> Result
    ) throws(KernelError) -> Result {
        if kind == .sentToPort { return try body(try sent(to: port.role, use: use, on: tables).program) }
        guard kind.isShared else { return try body(try tables.load(kind, for: port, use: use)) }
        let table = try tables.maps.interfaces(of: port.networkNamespace)
        try table.set(port)
        return try body(try shared(kind, use: use, of: table, on: tables).program)
    }

    /// The program of that kind that all ports of a network namespace share. Where it is to be loaded, the verifier takes some
    /// milliseconds.
    ///
    /// - Parameters:
    ///   - use: if the policy is asked, `makePolicy` must have been called.
    ///   - table: of the namespace. Interfaces of others are no ports for the program.
    private func shared(
        _ kind: ProgramKind, use: ProgramUse, of table: InterfaceTable, on tables: borrowing FlowTables
    ) throws(KernelError) -> SharedProgram {
        let key = Key(kind: kind, use: use, scope: .namespace(table.namespace))
        let object = ProgramOptions(kind, for: tables.geometry.engine, use: use, isOnLinks: TCHook.hasLinks)
            .object
        return try shared(key, object, of: table.id) { () throws(KernelError) in
            try tables.load(key.kind, object, use: key.use, table)
        }
    }

    /// The program for frames that are sent past qdiscs to ports of that role, which is told whose each frame is.
    private func sent(
        to role: PortRole, use: ProgramUse, on tables: borrowing FlowTables
    ) throws(KernelError) -> SharedProgram {
        let key = Key(kind: .sentToPort, use: use, scope: .role(role))
        let object = ProgramOptions(key.kind, for: tables.geometry.engine, use: use).object
        return try shared(key, object, of: try tables.maps.sendingMap()?.id) { () throws(KernelError) in
            let configuration = weir_program_config(
                port: 0, role: role.rawValue, zero: 0, network_namespace: 0, table: tables.control.table)
            let object = try Program.open(key.kind, object, configuration, use: use, maps: tables.maps)
            return try Program.load(key.kind, object, use: use)
        }
    }

    /// The program that is known here or pinned, or else is loaded and pinned.
    ///
    /// - Parameter map: the id of the map by which it knows ports.
    private func shared(
        _ key: Key, _ object: [UInt8], of map: UInt32?, _ load: () throws(KernelError) -> Program
    ) throws(KernelError) -> SharedProgram {
        if let known = self[key], known.map == map { return known }
        let path = path(key, object)
        let shared: SharedProgram
        if let pinned = try pinned(path, map) {
            let program = Program(loaded: pinned, kind: key.kind, use: key.use)
            shared = SharedProgram(program, of: map, pinnedAt: path)
        } else {
            shared = SharedProgram(try load(), of: map, pinnedAt: path)
            if let path { try shared.program.loaded.pin(at: path) }
        }
        self[key] = shared
        return shared
    }

    /// The program pinned there, where it is of that map; what is of another is unpinned.
    private func pinned(_ path: String?, _ map: UInt32?) throws(KernelError) -> BPFProgram? {
        guard let path, let map, unsafe access(path, F_OK) == 0 else { return nil }
        let program = try BPFProgram.open(pinnedAt: path)
        if try program.mapIDs().contains(map) { return program }
        unsafe unlink(path)
        return nil
    }
}

extension FlowTables {
    /// Loads a program that ports share, for one port without an interface: frames on which it is run are of the loopback
    /// interface of this thread's network namespace, and that one is made the port.
    package func loadShared(
        _ kind: ProgramKind, for port: RegisteredPort, use: ProgramUse = .plain
    ) throws(KernelError) -> Program {
        let table = try maps.interfaces(of: try NetworkInterface.currentNamespace())
        try table.set(port, at: 1)
        if use.asksPolicy { try maps.publishConnections(of: [port]) }
        let object = ProgramOptions(kind, for: geometry.engine, use: use, isOnLinks: TCHook.hasLinks).object
        return try load(kind, object, use: use, table)
    }

    fileprivate func load(
        _ kind: ProgramKind, _ bytes: [UInt8], use: ProgramUse, _ table: InterfaceTable
    ) throws(KernelError) -> Program {
        let configuration = weir_program_config(
            port: 0, role: 0, zero: 0, network_namespace: UInt32(truncatingIfNeeded: table.namespace),
            table: control.table)
        let object = try Program.open(kind, bytes, configuration, use: use, maps: maps)
        try table.share(with: object)
        return try Program.load(kind, object, use: use)
    }
}

extension ProgramUse.Copying {
    fileprivate var pinSuffix: String {
        switch self {
        case .nothing: ""
        case .samples: "-samples"
        case .frames: "-copies"
        }
    }
}
