// SPDX-License-Identifier: Apache-2.0

import CHost
import CLibbpf
import Glibc
package import Host

/// Waits until no program run that began before is still at work.
///
/// `membarrier(MEMBARRIER_CMD_GLOBAL)` where the kernel allows it. nohz_full kernels refuse it; there the update of a
/// map-in-map slot waits for the same thing (kernel: maybe_wait_bpf_programs).
package struct GracePeriod: ~Copyable {
    private let barrier: MapInMap?
    private let isNeeded: Bool

    package enum Means: Sendable, CaseIterable { case membarrier, mapInMap }

    /// Finds out which way works here, by going it once.
    package init() throws(KernelError) {
        barrier = weir_membarrier_global() == 0 ? nil : try MapInMap()
        isNeeded = true
    }

    /// Goes that way, whether or not the other works.
    package init(forcing means: Means) throws(KernelError) {
        barrier = means == .membarrier ? nil : try MapInMap()
        isNeeded = true
    }

    /// Does not wait: for callers that run the programs on their own thread, so that none is at work.
    package static var notNeeded: GracePeriod { GracePeriod(isNeeded: false) }

    private init(isNeeded: Bool) {
        barrier = nil
        self.isNeeded = isNeeded
    }

    package var means: Means {
        switch barrier {
        case .some: .mapInMap
        case .none: .membarrier
        }
    }

    /// Blocks 8–40 ms, at times 360 ms.
    package borrowing func wait() throws(KernelError) {
        guard isNeeded else { return }
        switch barrier {
        case .some(let barrier): try barrier.update()
        case .none:
            let result = weir_membarrier_global()
            guard result == 0 else { throw KernelError(errno: result, "cannot wait for running programs to end") }
        }
    }
}

/// An array of maps with one slot, whose update is a grace period.
private struct MapInMap: ~Copyable {
    private let inner: BPFMap
    private let outer: Descriptor

    package init() throws(KernelError) {
        let layout = MapLayout(
            name: "weir_grace_in", type: BPF_MAP_TYPE_ARRAY, keySize: 4, valueSize: 4, maxEntries: 1)
        let inner = try BPFMap.create(layout)
        let outer = try Self.outer(of: inner)
        self.inner = inner
        self.outer = outer
    }

    private static func outer(of inner: borrowing BPFMap) throws(KernelError) -> Descriptor {
        var options = bpf_map_create_opts()
        options.sz = MemoryLayout<bpf_map_create_opts>.size
        options.inner_map_fd = UInt32(inner.descriptor.raw)
        let raw = ThreadPrivileges.inForce {
            unsafe bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "weir_grace", 4, 4, 1, &options)
        }
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot create the map weir_grace") }
        return Descriptor(owning: raw)
    }

    package borrowing func update() throws(KernelError) {
        var slot: UInt32 = 0
        var value = inner.descriptor.raw
        let result = unsafe bpf_map_update_elem(outer.raw, &slot, &value, UInt64(BPF_ANY))
        guard result == 0 else { throw KernelError(errno: result, "cannot wait for running programs to end") }
    }
}
