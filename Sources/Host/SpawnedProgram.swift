// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// A program of the operator's that this process listens to: started without a way to privileges, in a process group of its own, and killed by
/// the kernel when the thread ends that started it.
///
/// Used from that thread.
package final class SpawnedProgram: Sendable {
    package let pid: Int32
    private let output: Descriptor
    private let errors: Descriptor

    /// What came through a pipe.
    package enum Reception: Equatable, Sendable {
        case bytes([UInt8])
        case nothing
        /// No process has the other end any more.
        case ended
    }

    /// Starts it; blocks until it is loaded.
    ///
    /// - Parameters:
    ///   - path: from the root.
    ///   - environment: all of it, as `NAME=VALUE`.
    package init(_ path: String, _ arguments: [String], environment: [String]) throws(KernelError) {
        var (output, errors): (CInt, CInt) = (-1, -1)
        let pid = unsafe withPointers([path] + arguments) { arguments in
            unsafe withPointers(environment) { environment in
                unsafe weir_spawn_program(path, arguments, environment, &output, &errors)
            }
        }
        guard pid > 0 else { throw KernelError(errno: pid, "cannot start \(path)") }
        self.pid = pid
        self.output = Descriptor(owning: output)
        self.errors = Descriptor(owning: errors)
    }

    /// Waits until it has written something, but not longer than that.
    ///
    /// - Parameter toOutput: false where its standard output is not to be read now, so that it waits at the full pipe.
    package func wait(within duration: Duration, toOutput: Bool) {
        var polls = [
            pollfd(fd: toOutput ? output.raw : -1, events: Int16(POLLIN), revents: 0),
            pollfd(fd: errors.raw, events: Int16(POLLIN), revents: 0),
        ]
        _ = unsafe poll(&polls, 2, CInt(clamping: Int(duration / .milliseconds(1))))
        // What has ended wakes at once, for ever.
        let isEnded = polls.contains { $0.revents & Int16(POLLHUP) != 0 && $0.revents & Int16(POLLIN) == 0 }
        if isEnded { usleep(10_000) }
    }

    /// What is in the pipe of standard output, 64 KiB at most. Does not block.
    package func readOutput() -> Reception { Self.read(output) }

    /// The same, of standard error.
    package func readErrors() -> Reception { Self.read(errors) }

    private static func read(_ pipe: borrowing Descriptor) -> Reception {
        var code: CInt = 0
        let raw = pipe.raw
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 64 << 10) { buffer, length in
            let got = unsafe Glibc.read(raw, buffer.baseAddress, buffer.count)
            code = got < 0 ? errno : 0
            length = max(got, 0)
        }
        if code == EAGAIN || code == EINTR { return .nothing }
        return bytes.isEmpty ? .ended : .bytes(bytes)
    }

    /// How it ended; nil while it runs. To be asked once after its end.
    package func reap() -> HelperProcess.End? { HelperProcess.End(ofChild: pid) }

    /// Asks it, and what it has started, to end (SIGTERM).
    package func terminate() { Glibc.kill(-pid, SIGTERM) }

    /// Ends it, and what it has started. To be called before `reap` has told its end: the number is another's afterwards.
    package func kill() { Glibc.kill(-pid, SIGKILL) }
}
