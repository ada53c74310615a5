// SPDX-License-Identifier: Apache-2.0

/// Commands that are sent together, as a Redis server reads them (RESP2: an array of bulk strings each).
struct RedisPipeline {
    private(set) var bytes: [UInt8] = []
    private(set) var count = 0

    /// Beyond so many bytes a pipeline is sent before it grows further.
    static let fullSize = 256 << 10
    var isFull: Bool { bytes.count >= Self.fullSize }

    mutating func add(_ words: String...) {
        begin(words.count)
        for word in words { add(word: word) }
    }

    /// Begins a command of so many words, each of which is added then.
    mutating func begin(_ words: Int) {
        count += 1
        bytes.append(UInt8(ascii: "*"))
        add(number: words)
    }

    mutating func add(word: String) {
        bytes.append(UInt8(ascii: "$"))
        add(number: word.utf8.count)
        bytes += word.utf8
        endLine()
    }

    mutating func add(word: some Collection<UInt8>) {
        bytes.append(UInt8(ascii: "$"))
        add(number: word.count)
        bytes += word
        endLine()
    }

    /// Adds a command's beginning that was encoded before.
    mutating func begin(encoded: [UInt8]) {
        count += 1
        bytes += encoded
    }

    mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        count = 0
    }

    private mutating func add(number: Int) {
        bytes += String(number).utf8
        endLine()
    }

    private mutating func endLine() {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}
