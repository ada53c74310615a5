// SPDX-License-Identifier: Apache-2.0

/// Batches that wait to be written, oldest first, in bounded memory.
struct RecordBacklog {
    private(set) var batches: [RecordBatch] = []
    private(set) var size = 0
    let limit: Int

    init(limit: Int) { self.limit = limit }

    /// Adds a batch, and returns those that had to go for it: the oldest, or the batch itself where it alone is too large.
    mutating func add(_ batch: RecordBatch) -> [RecordBatch] {
        batches.append(batch)
        size += batch.bytes.count
        var excess = size - limit
        let kept = batches.firstIndex { oldest in
            if excess <= 0 { return true }
            excess -= oldest.bytes.count
            return false
        }
        let givenUp = Array(batches[..<(kept ?? batches.endIndex)])
        batches.removeFirst(givenUp.count)
        size -= givenUp.reduce(0) { $0 + $1.bytes.count }
        return givenUp
    }

    /// Hands every batch over in order, and keeps those for which the function answers false.
    mutating func drain(_ deliver: (RecordBatch) -> Bool) {
        batches.removeAll(where: deliver)
        size = batches.reduce(0) { $0 + $1.bytes.count }
    }

    func holds(_ stream: LogStream) -> Bool { batches.contains { $0.stream === stream } }
}
