// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc
import Synchronization

/// One end of a stream socket between two processes of Weir that exchange lines of text.
///
/// Used from one thread. The other end is one of ours, and yet nothing of it is trusted beyond its length: a line that is too long ends the
/// exchange.
package final class LineChannel: Sendable {
    package enum Reception: Equatable, Sendable {
        /// Whole lines, without their line feeds.
        case lines([String])
        /// Nothing came in that time.
        case nothing
        /// The other process is gone, or sent what is none of ours.
        case ended
    }

    private static let longestLine = 4 << 20

    package let descriptor: Descriptor
    private let rest = PartialLine()
    private let handed = HandedDescriptors()

    /// Takes over the socket.
    package init(_ descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// Two ends of one channel.
    package static func pair() throws(KernelError) -> (LineChannel, LineChannel) {
        var ends: [CInt] = [0, 0]
        let result = unsafe weir_socket_pair(&ends)
        guard result == 0 else { throw KernelError(errno: result, "cannot make a pair of sockets") }
        return (LineChannel(Descriptor(owning: ends[0])), LineChannel(Descriptor(owning: ends[1])))
    }

    /// Sends a line. Returns false where the other process is gone.
    ///
    /// - Parameter waits: whether to block while the other process does not read; otherwise the line may be lost, which is a false, too.
    @discardableResult
    package func send(_ line: String, waits: Bool = true) -> Bool {
        let flags = CInt(MSG_NOSIGNAL) | (waits ? 0 : CInt(MSG_DONTWAIT))
        let bytes = Array((line + "\n").utf8)
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { buffer in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[sent...])
                return unsafe Glibc.send(descriptor.raw, rest.baseAddress, rest.count, flags)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            sent += count
        }
        return true
    }

    /// Sends a line, and with it a duplicate of a descriptor. Returns false where the other process is gone or does not read. Never blocks.
    @discardableResult
    package func send(_ line: String, with descriptor: borrowing Descriptor) -> Bool {
        let bytes = Array((line + "\n").utf8)
        let sent = unsafe bytes.withUnsafeBytes { buffer in
            unsafe weir_send_descriptor(
                self.descriptor.raw, buffer.baseAddress, UInt64(buffer.count), descriptor.raw)
        }
        return sent == bytes.count
    }

    /// The descriptors that came with lines, one after the other, each once.
    package func takeDescriptor() -> Descriptor? { handed.take() }

    /// Waits for lines, but not longer than that.
    package func receive(within duration: Duration) -> Reception {
        var poll = pollfd(fd: descriptor.raw, events: Int16(POLLIN), revents: 0)
        let ready = unsafe Glibc.poll(&poll, 1, CInt(clamping: Int(duration / .milliseconds(1))))
        guard ready > 0 else { return .nothing }
        var handed: CInt = -1
        let got = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, count in
            let received = unsafe weir_receive_descriptor(
                descriptor.raw, buffer.baseAddress, UInt64(buffer.count), &handed)
            count = max(0, Int(received))
        }
        if handed >= 0 { self.handed.keep(Descriptor(owning: handed)) }
        guard !got.isEmpty else { return .ended }
        guard let lines = rest.lines(adding: got, atMost: Self.longestLine) else { return .ended }
        return lines.isEmpty ? .nothing : .lines(lines)
    }
}

/// What came of a line that is not whole yet.
private final class PartialLine: Sendable {
    private let bytes = Mutex<[UInt8]>([])

    /// nil where a line is longer than `most`.
    func lines(adding new: [UInt8], atMost most: Int) -> [String]? {
        bytes.withLock { bytes in
            bytes += new
            guard let last = bytes.lastIndex(of: 10) else { return bytes.count > most ? nil : [] }
            let lines = bytes[..<last].split(separator: 10, omittingEmptySubsequences: true).map {
                String(decoding: $0, as: UTF8.self)
            }
            bytes.removeSubrange(...last)
            return lines
        }
    }
}

/// What came with lines and was not taken yet.
private final class HandedDescriptors: Sendable {
    /// A class: an array cannot hold what cannot be copied.
    private final class Held: Sendable {
        private let descriptor: Mutex<Descriptor?>

        init(_ descriptor: consuming sending Descriptor) { self.descriptor = Mutex(descriptor) }

        func take() -> Descriptor? { descriptor.withLock { $0.take() } }
    }

    private static let most = 256

    private let waiting = Mutex<[Held]>([])

    /// Of those that are not taken, the oldest are closed.
    func keep(_ descriptor: consuming sending Descriptor) {
        let held = Held(descriptor)
        waiting.withLock { waiting in
            if waiting.count == Self.most { waiting.removeFirst() }
            waiting.append(held)
        }
    }

    func take() -> Descriptor? { waiting.withLock { $0.isEmpty ? nil : $0.removeFirst() }?.take() }
}
