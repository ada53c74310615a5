// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// The flows of one window, each once: where the slots of all CPUs and of all parts of the window meet.
///
/// Records lie densely in the order in which they came, 112 bytes each. An index of 8 bytes a place, at most three
/// quarters full, leads from the hash to the record by linear probing, so that a merge touches one cache line at random
/// and a new record one more in order. Nothing is allocated a record: the storage doubles, and is kept from window to
/// window (see `recycle`). A value; a copy shares the storage until one of them is changed.
package struct FlowTable: Sendable {
    /// In no order that means anything.
    private(set) var flows: [CountedFlow] = []
    /// 0 where the place is free, else the hash's lower half in the upper one, and the flow's index + 1 below it.
    private var places: [UInt64] = []
    /// What the flows of each port and direction add up to, by `FlowTable.sumIndex`.
    private(set) var sums: [PacketCount] = []
    /// Windows in a row that were far too small for the storage.
    var smallWindows = 0
    /// The flows that it takes; others are passed over.
    private(set) var piece = FlowPiece.whole
    private var mostFlows = Int.max
    /// Whether more flows came than it was to take: those that are there tell nothing then.
    package private(set) var isOverfull = false
    private let hash: FlowHash

    /// An empty table without storage. Its hash has secrets of its own.
    package init(hash: FlowHash = FlowHash()) { self.hash = hash }

    /// Adds what was counted of a flow somewhere: a new record, or more of one that is there.
    package mutating func merge(_ key: FlowKey, _ counters: FlowCounters) {
        if flows.count == capacity { reserveCapacity(flows.count + 1) }
        insert(CountedFlow(key: key, counters: counters), hash: hash(key))
    }

    /// Adds what was counted of many flows; the fastest when they are handed over by the hundred.
    package mutating func merge(_ batch: Span<CountedFlow>) {
        guard piece == .whole else { return mergePiece(batch) }
        var start = 0
        while start < batch.count, !isOverfull {
            let end = Swift.min(start + Self.chunk, batch.count)
            if flows.count + Self.chunk > capacity { reserveCapacity(flows.count + Self.chunk) }
            mergeChunk(batch.extracting(start..<end))
            start = end
            isOverfull = flows.count > mostFlows
        }
    }

    /// Merges those of many flows that are of the piece.
    private mutating func mergePiece(_ batch: Span<CountedFlow>) {
        for index in batch.indices where !isOverfull {
            let hash = hash(batch[index].key)
            guard piece.takes(hash) else { continue }
            if flows.count == capacity { reserveCapacity(flows.count + 1) }
            insert(batch[index], hash: hash)
            isOverfull = flows.count > mostFlows
        }
    }

    /// So many flows are looked up together.
    private static var chunk: Int { 64 }

    /// Looks all flows' places up before any is needed: misses of the cache that do not wait for one another overlap.
    private mutating func mergeChunk(_ batch: Span<CountedFlow>) {
        var hashes = InlineArray<64, UInt64>(repeating: 0)
        var seen = InlineArray<64, UInt64>(repeating: 0)
        let mask = UInt64(places.count - 1)
        for index in batch.indices { hashes[index] = hash(batch[index].key) }
        for index in batch.indices { seen[index] = places[Int(truncatingIfNeeded: hashes[index] & mask)] }
        for index in batch.indices { insert(batch[index], hash: hashes[index], seen: seen[index]) }
    }

    /// - Parameter seen: what stood at the flow's first place before: a place that was taken stays as it is.
    @inline(__always)
    private mutating func insert(_ flow: CountedFlow, hash: UInt64, seen: UInt64 = 0) {
        let tag = hash << 32
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        var found = seen == 0 ? places[place] : seen
        while found != 0 {
            if found ^ tag <= UInt64(UInt32.max) {
                let index = Int(truncatingIfNeeded: found & UInt64(UInt32.max)) - 1
                if flows[index].key.isSame(as: flow.key) {
                    flows[index].counters.merge(flow.counters)
                    return addSum(flow)
                }
            }
            place = (place + 1) & mask
            found = places[place]
        }
        flows.append(flow)
        places[place] = tag | UInt64(flows.count)
        addSum(flow)
    }

    private mutating func addSum(_ flow: CountedFlow) {
        let index = Self.sumIndex(flow.key)
        if index >= sums.count { sums += Array(repeating: .zero, count: index + 1 - sums.count) }
        sums[index] += flow.counters.count
    }

    /// The flow's record, or nil.
    package subscript(key: FlowKey) -> FlowCounters? {
        if places.isEmpty { return nil }
        let hash = hash(key)
        let mask = places.count - 1
        var place = Int(truncatingIfNeeded: hash) & mask
        while places[place] != 0 {
            let index = Int(places[place] & UInt64(UInt32.max)) - 1
            if places[place] ^ hash << 32 <= UInt64(UInt32.max), flows[index].key.isSame(as: key) {
                return flows[index].counters
            }
            place = (place + 1) & mask
        }
        return nil
    }
}

extension FlowTable {
    /// Forgets all flows, keeps the storage, and takes flows of that piece from now on, until there are more than so many.
    package mutating func take(_ piece: FlowPiece, atMost mostFlows: Int = .max) {
        if !flows.isEmpty { removeAll(keepingCapacity: true) }
        (self.piece, self.mostFlows, isOverfull) = (piece, mostFlows, false)
    }

    /// Takes any number of flows from now on.
    mutating func liftLimit() { mostFlows = .max }

    /// How many flows fit before the storage grows.
    package var capacity: Int { places.count / 4 * 3 }

    /// Makes room for that many flows in all.
    package mutating func reserveCapacity(_ count: Int) {
        guard count > capacity else { return }
        var size = Swift.max(places.count, 1 << 10)
        while size / 4 * 3 < count { size *= 2 }
        flows.reserveCapacity(size / 4 * 3)
        var grown = [UInt64](repeating: 0, count: size)
        for place in places where place != 0 {
            var target = Int(truncatingIfNeeded: place >> 32) & (size - 1)
            while grown[target] != 0 { target = (target + 1) & (size - 1) }
            grown[target] = place
        }
        places = grown
    }

    /// Forgets all flows.
    package mutating func removeAll(keepingCapacity keepsCapacity: Bool = false) {
        if keepsCapacity {
            flows.removeAll(keepingCapacity: true)
            for index in places.indices { places[index] = 0 }
            for index in sums.indices { sums[index] = .zero }
            (piece, mostFlows, isOverfull) = (.whole, .max, false)
        } else {
            self = FlowTable(hash: hash)
        }
    }
}
