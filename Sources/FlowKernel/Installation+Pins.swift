// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import Glibc
package import Host

// What all ports share.
extension Installation {
    /// Pins again what all ports share and another process has removed, directories included; returns what was missing, by path.
    ///
    /// Throws where that cannot be done: the next process would find nothing of what is counted here.
    package mutating func pinAgain() throws(KernelError) -> [String] {
        let missing = try missingPins()
        guard !missing.isEmpty else { return [] }
        do throws(KernelError) {
            try directory.prepare()
            try directory.prepareLayout()
            try takeIntoUseAgain()
            let turn = try directory.openPorts()
            try turn.waitForLock()
            try refuseOthers()
            if try tables.maps.policy.current() != nil { try Folder.make(directory.policy.path) }
            if try tables.maps.sent.current() != nil { try Folder.make(directory.sentTable.path) }
            try forEachPin { (map, path) throws(KernelError) in
                if unsafe access(path, F_OK) != 0 { try map.pin(at: path) }
            }
            for shared in try sharedPrograms() {
                if let path = shared.missingPin { try shared.program.loaded.pin(at: path) }
            }
        } catch {
            throw KernelError(
                error.code, "cannot go on measuring under \(directory.base)",
                cause:
                    "what was pinned there has been removed and cannot be pinned again: \(error.failure): \(error.cause)",
                remedy: "start the daemon again")
        }
        return missing
    }

    private func missingPins() throws(KernelError) -> [String] {
        var missing: [String] = []
        for path in [directory.base, directory.layout, directory.ports] where unsafe access(path, F_OK) != 0 {
            missing.append(path)
        }
        if missing.isEmpty, !isUsed { missing.append(directory.layout) }
        try forEachPin { (_, path) throws(KernelError) in
            if unsafe access(path, F_OK) != 0 { missing.append(path) }
        }
        missing += try sharedPrograms().compactMap(\.missingPin)
        return missing
    }

    /// Those that ports here use, as far as this process has loaded them.
    private func sharedPrograms() throws(KernelError) -> [SharedProgram] {
        programs.loaded(for: try attachedPorts())
    }

    /// Calls `body` with each map that all ports share and where it is pinned; the control map last.
    private func forEachPin(
        _ body: (borrowing BPFMap, String) throws(KernelError) -> Void
    ) throws(KernelError) {
        if let policy = try tables.maps.policy.current() {
            try policy.forEachMap { map throws(KernelError) in try body(map, "\(directory.policy.path)/\(map.name)") }
        }
        if let sent = try tables.maps.sent.current() {
            try sent.table.forEachMap { map throws(KernelError) in
                try body(map, "\(directory.sentTable.path)/\(map.name)")
            }
        }
        let used = Set(try attachedPorts().map(\.networkNamespace))
        for table in tables.maps.interfaces.open where used.contains(table.namespace) {
            try table.forEachPin(in: directory, body)
        }
        try tables.maps.forEachMap { map throws(KernelError) in try body(map, "\(directory.layout)/\(map.name)") }
    }

    /// Throws where another Weir has made its own tables there meanwhile.
    private func refuseOthers() throws(KernelError) {
        guard directory.hasMaps else { return }
        let other = try ControlPage(
            of: try FlowMaps.openControl(pinnedIn: directory.layout, rights: .read), rights: .read)
        guard other.installation != tables.control.installation else { return }
        throw KernelError(
            .busy, "cannot pin the tables", cause: "another Weir has made tables of its own there",
            remedy: "use another directory (--bpffs)")
    }
}
