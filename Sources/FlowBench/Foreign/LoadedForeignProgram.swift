// SPDX-License-Identifier: Apache-2.0

package import BPF
import FlowKernel
package import Host

/// One loaded program of an object that others have built, and the hash tables that it was loaded with.
///
/// Its maps exist as long as it does: nothing is pinned, whatever the object asks for.
package final class LoadedForeignProgram {
    package let program: BPFProgram
    /// Those that are its own, not pinned ones that the operator named.
    private let own: [Table]
    private let shared: [Table]

    private final class Table {
        let map: BPFMap

        init(_ map: consuming BPFMap) { self.map = map }
    }

    /// - Parameter flows: how many flows there will be; for maps that are to have room for as many.
    package init(_ foreign: ForeignProgram, roomFor flows: Int) throws(KernelError) {
        let object = try BPFObject(file: foreign.file)
        let name = try object.keepOnly(foreign.program)
        try object.setHook(foreign.hook, ofProgram: name)
        try object.clearPins()
        try object.completeMaps()
        let shared = try Self.configure(object, foreign, roomFor: flows)
        try Self.requireSizes(of: object)
        try object.load()
        let program = try object.program(named: name)
        guard program.type != .other else {
            throw KernelError(
                .unsupported, "cannot measure \(foreign.name)", cause: "it is neither a TC nor an XDP program",
                remedy: "name another section, or add hook=tc, hook=xdp or hook=xdp.frags")
        }
        var own: [Table] = []
        for map in try object.maps() where map.isHash && !shared.contains(map.name) {
            own.append(Table(try object.map(named: map.name)))
        }
        var foreignTables: [Table] = []
        for map in try object.maps() where map.isHash && shared.contains(map.name) {
            foreignTables.append(Table(try object.map(named: map.name)))
        }
        self.program = program
        self.own = own
        self.shared = foreignTables
    }

    /// Gives maps and variables what the operator said, and returns the names of the maps that are not the object's own.
    private static func configure(
        _ object: borrowing BPFObject, _ foreign: ForeignProgram, roomFor flows: Int
    ) throws(KernelError) -> Set<String> {
        let maps = Set(try object.maps().map(\.name))
        var shared: Set<String> = []
        for setting in foreign.settings {
            switch setting.value {
            case .number(let number) where !maps.contains(setting.name):
                guard try object.setVariable(setting.name, to: number) else {
                    throw unknown(setting.name, in: object, maps)
                }
            case .number(let count):
                guard let entries = UInt32(exactly: count) else {
                    throw KernelError(
                        .invalid, "cannot size the map \(setting.name) of \(object.name)",
                        cause: "a map has less than 4294967296 entries, not \(count)")
                }
                try object.setMaxEntries(Int(entries), ofMap: setting.name)
            case .flows:
                guard maps.contains(setting.name) else { throw unknown(setting.name, in: object, maps) }
                try object.setMaxEntries(flows, ofMap: setting.name)
            case .pinned(let path):
                guard maps.contains(setting.name) else { throw unknown(setting.name, in: object, maps) }
                try object.reuse(try BPFMap.open(pinnedAt: path), as: setting.name)
                shared.insert(setting.name)
            }
        }
        return shared
    }

    private static func unknown(
        _ name: String, in object: borrowing BPFObject, _ maps: Set<String>
    ) -> KernelError {
        func list(_ names: [String]) -> String { names.isEmpty ? "none" : names.joined(separator: ", ") }
        return KernelError(
            .notFound, "cannot set \(name) of \(object.name)", cause: "it has no map and no variable of that name",
            remedy: "its maps: \(list(maps.sorted())); its variables: \(list(object.variableNames()))")
    }

    private static func requireSizes(of object: borrowing BPFObject) throws(KernelError) {
        guard let map = try object.maps().first(where: { $0.needsSize && $0.maxEntries == 0 }) else { return }
        throw KernelError(
            .invalid, "cannot load the program \(object.name)", cause: "the size of its map \(map.name) is not set",
            remedy: "add \(map.name)=flows, or \(map.name)= and a number of entries")
    }
}

extension LoadedForeignProgram {
    /// How many keys the fullest of its hash tables has: of a program that keeps flows, the flows.
    package func keptFlows() throws(KernelError) -> Int { try Self.mostKeys(of: own + shared) }

    /// The same of its own tables only: what it has put there itself since it was emptied.
    package func newFlows() throws(KernelError) -> Int { try Self.mostKeys(of: own) }

    private static func mostKeys(of tables: [Table]) throws(KernelError) -> Int {
        var most = 0
        for table in tables { most = max(most, try table.map.keyCount()) }
        return most
    }

    /// Deletes all keys of its own hash tables.
    package func empty() throws(KernelError) {
        for table in own { try table.map.removeAllKeys() }
    }
}
