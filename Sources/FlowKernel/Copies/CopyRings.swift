// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import Glibc
package import Host
import Synchronization

/// The rings that programs put copies of frames into, by their places (`weir_rings`, a map of maps).
///
/// A ring is pinned beside the map, so that a daemon that begins finds those of the one before, and what is unread in them.
final class CopyRings: Sendable {
    let map: BPFMap
    /// In which the map is or will be pinned; nil: nowhere.
    private let folder: String?
    private let known = Mutex<[Int: Ring]>([:])

    private final class Ring: Sendable {
        let map: BPFMap

        init(_ map: consuming BPFMap) { self.map = map }
    }

    static let places = 0..<Int(WEIR_RINGS)
    /// Of `weir-mirror`, and of a capture that asks for no other size.
    static let usualBytes = Int(WEIR_RING_BYTES)

    static func create(in folder: String?) throws(KernelError) -> CopyRings {
        CopyRings(try .create(layout, holding: try .create(ringLayout(bytes: usualBytes))), folder)
    }

    static func open(pinnedIn folder: String, rights: Descriptor.Rights) throws(KernelError) -> CopyRings {
        CopyRings(try .open(pinnedAt: "\(folder)/\(layout.name)", layout: layout, rights: rights), folder)
    }

    private init(_ map: consuming BPFMap, _ folder: String?) {
        self.map = map
        self.folder = folder
    }

    private static var layout: MapLayout {
        MapLayout(
            name: WEIR_MAP_RINGS, type: BPF_MAP_TYPE_ARRAY_OF_MAPS, keySize: 4, valueSize: 4,
            maxEntries: Int(WEIR_RINGS))
    }

    private static func ringLayout(bytes: Int) -> MapLayout {
        MapLayout(name: "weir_ring", type: BPF_MAP_TYPE_RINGBUF, keySize: 0, valueSize: 0, maxEntries: bytes)
    }

    private func pin(_ place: Int) -> String? { folder.map { "\($0)/ring_\(place)" } }

    /// The ring of that place, which is made where there is none.
    ///
    /// - Parameter bytes: of a ring that is made: a power of two, at least a page.
    func ring(at place: Int, bytes: Int) throws(KernelError) -> CopyRing {
        if let ring = known.withLock({ $0[place] }) { return try CopyRing(ring.map) }
        let ring: Ring
        if let pinned = try open(place) { ring = pinned } else { ring = try make(place, bytes: bytes) }
        known.withLock { $0[place] = ring }
        return try CopyRing(ring.map)
    }

    private func open(_ place: Int) throws(KernelError) -> Ring? {
        guard let path = pin(place), unsafe access(path, F_OK) == 0 else { return nil }
        return Ring(try .open(pinnedAt: path))
    }

    private func make(_ place: Int, bytes: Int) throws(KernelError) -> Ring {
        let ring = Ring(try .create(Self.ringLayout(bytes: bytes)))
        try map.set(ring.map.descriptor.raw, of: UInt32(place))
        // Last: a ring that is pinned is in its place.
        if let path = pin(place) { try ring.map.pin(at: path) }
        return ring
    }

    /// Has programs put nothing more into the ring of that place, and forgets it: it goes when its reader does.
    func remove(at place: Int) throws(KernelError) {
        known.withLock { $0[place] = nil }
        if let path = pin(place) { unsafe unlink(path) }
        try map.remove(UInt32(place))
    }
}

/// A descriptor of a ring that programs put copies into.
package struct CopyRing: ~Copyable {
    private let descriptor: Descriptor
    package let size: Int
    /// The kernel's number of the map: a ring that is made later has another.
    package let id: UInt32

    init(_ map: borrowing BPFMap) throws(KernelError) {
        descriptor = try map.descriptor.duplicate()
        size = map.maxEntries
        id = map.id ?? 0
    }

    package consuming func takeDescriptor() -> Descriptor { descriptor }
}
