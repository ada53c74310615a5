// SPDX-License-Identifier: Apache-2.0

/// Writes a line into memory that has room for all of it.
///
/// `unsafe` here, since a default AWS line is put together in 75 ns by stores of up to eight bytes, each checked once
/// against the end of the memory. Without these checks it is 65 ns, which is not worth a line that runs over. Text is
/// up to `slack` bytes shorter than the last store was wide.
@safe struct LineWriter {
    /// Room behind the longest line for stores that are wider than their text.
    static let slack = 16

    private var next: UnsafeMutablePointer<UInt8>
    private let end: UnsafeMutablePointer<UInt8>

    fileprivate init(at start: UnsafeMutablePointer<UInt8>, capacity: Int) {
        unsafe next = start
        unsafe end = start + capacity
    }

    /// Traps where there is no room: then a caller announced a line that is too short, which is our own mistake.
    @inline(__always)
    private func need(_ count: Int) { unsafe precondition(end - next >= count) }

    @inline(__always)
    mutating func byte(_ byte: UInt8) {
        need(1)
        unsafe next.pointee = byte
        unsafe next += 1
    }

    /// Stores all eight bytes, lowest first, of which the first `count` are text.
    @inline(__always)
    mutating func store(_ bytes: UInt64, count: Int) {
        need(8)
        unsafe UnsafeMutableRawPointer(next).storeBytes(of: bytes, as: UInt64.self)
        unsafe next += count
    }

    /// The same for four bytes.
    @inline(__always)
    mutating func store(_ bytes: UInt32, count: Int) {
        need(4)
        unsafe UnsafeMutableRawPointer(next).storeBytes(of: bytes, as: UInt32.self)
        unsafe next += count
    }

    /// Text of our own.
    @inline(__always)
    mutating func text(_ text: StaticString) {
        need(text.utf8CodeUnitCount)
        unsafe next.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
        unsafe next += text.utf8CodeUnitCount
    }

    @inline(__always)
    mutating func bytes(_ bytes: Span<UInt8>) {
        need(bytes.count)
        unsafe bytes.withUnsafeBufferPointer { source in
            guard let start = source.baseAddress else { return }
            unsafe next.update(from: start, count: source.count)
        }
        unsafe next += bytes.count
    }

    /// Takes the last byte back, and puts another in its place.
    @inline(__always)
    mutating func replaceLast(by byte: UInt8) { unsafe next[-1] = byte }

    /// Takes bytes back.
    @inline(__always)
    mutating func back(_ count: Int) { unsafe next -= count }

    fileprivate func count(since start: UnsafeMutablePointer<UInt8>) -> Int { unsafe next - start }
}

/// Memory in which lines are written one after the other, before they are appended where they belong.
///
/// Owns its memory. A writer lives until the next `begin` or `finish`.
@safe final class LineMemory {
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int

    init() {
        capacity = 4096
        unsafe start = .allocate(capacity: capacity)
    }

    deinit { unsafe start.deallocate() }

    /// Begins a line, with room for the longest that is going to be written.
    @inline(__always)
    func begin(longest: Int) -> LineWriter {
        if longest + LineWriter.slack > capacity { grow(longest + LineWriter.slack) }
        return unsafe LineWriter(at: start, capacity: capacity)
    }

    private func grow(_ needed: Int) {
        unsafe start.deallocate()
        capacity = 2 * needed
        unsafe start = .allocate(capacity: capacity)
    }

    /// Appends the line to the bytes.
    @inline(__always)
    func finish(_ line: LineWriter, into bytes: inout [UInt8]) {
        let written = unsafe line.count(since: start)
        unsafe bytes.append(contentsOf: UnsafeBufferPointer(start: start, count: written))
    }
}

extension [UInt8] {
    /// Appends what the function writes, after making room for the longest that it may write.
    mutating func appendLine(longest: Int, _ write: (inout LineWriter) -> Void) {
        let memory = LineMemory()
        var line = memory.begin(longest: longest)
        write(&line)
        memory.finish(line, into: &self)
    }
}
