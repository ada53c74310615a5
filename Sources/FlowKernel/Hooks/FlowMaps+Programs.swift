// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import Host

// What programs are loaded on.
extension FlowMaps {
    /// Makes the object use these maps instead of making its own.
    func share(with object: borrowing BPFObject, _ kind: ProgramKind) throws(KernelError) {
        try object.reuse(control, as: WEIR_DATA_CONTROL)
        try object.reuse(counts.ofPorts.map)
        try object.reuse(fragments.ofPorts.map)
        try object.reuse(wakes)
        if kind == .xdpDispatched { try object.reuse(claimed) }
        guard kind == .sentToPort else {
            return try table.forEachMap { map throws(KernelError) in try object.reuse(map) }
        }
        try sent.make().table.forEachMap { map throws(KernelError) in try object.reuse(map) }
        // Where nothing is pinned it has a map of its own, of no frame.
        guard let sending = try sendingMap() else { return }
        try object.reuse(sending, as: WEIR_MAP_SENDING)
    }

    /// Through which programs are given what is sent past qdiscs; nil where nothing is pinned.
    func sendingMap() throws(KernelError) -> BPFMap? {
        guard let directory, directory.hasSent else { return nil }
        return try .open(pinnedAt: "\(directory.sent)/\(WEIR_MAP_SENDING)")
    }

    /// Makes the object, where it samples and copies frames, sample for these and copy for their sessions.
    func share(
        with object: borrowing BPFObject, _ kind: ProgramKind, copying: ProgramUse.Copying
    ) throws(KernelError) {
        guard copying != .nothing else { return }
        try sampling.make().forEachMap { map throws(KernelError) in try object.reuse(map) }
        guard copying == .frames else { return }
        let copies = try copies.make()
        try copies.forEachCopyingMap { map throws(KernelError) in try object.reuse(map) }
        guard kind.isTC else { return }
        try copies.forEachSendingMap { map throws(KernelError) in try object.reuse(map) }
    }

    /// Makes the object, which asks the policy, ask this one.
    func sharePolicy(with object: borrowing BPFObject) throws(KernelError) {
        try policy.make().forEachMap { map throws(KernelError) in try object.reuse(map) }
        try object.reuse(connections.ofPorts.map)
    }
}
