// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// A helper: a program of Weir that the daemon starts without privileges, and that ends with it.
///
/// The two talk by lines over a socket pair, which is the helper's descriptor 3.
package final class HelperProcess: Sendable {
    package let pid: Int32
    package let channel: LineChannel

    /// How a helper ended.
    package enum End: Equatable, Sendable, CustomStringConvertible {
        case exited(Int32)
        case killed(signal: Int32)

        package var description: String {
            switch self {
            case .exited(let status): "it ended with status \(status)"
            case .killed(let signal): "signal \(signal) ended it"
            }
        }
    }

    /// The descriptor that a helper finds its channel at.
    package static let channelDescriptor: CInt = 3

    /// Starts the program; the thread that calls this must live as long as the helper.
    ///
    /// - Parameters:
    ///   - environment: all of it, as `NAME=VALUE`.
    ///   - prints: whether the helper has this process's standard output.
    package init(
        _ path: String, _ arguments: [String], environment: [String], prints: Bool
    ) throws(KernelError) {
        let (here, there) = try LineChannel.pair()
        let pid = unsafe withPointers([path] + arguments) { arguments in
            unsafe withPointers(environment) { environment in
                unsafe weir_spawn_helper(path, arguments, environment, there.descriptor.raw, prints ? 1 : 0)
            }
        }
        guard pid > 0 else { throw KernelError(errno: pid, "cannot start \(path)") }
        self.pid = pid
        channel = here
    }

    /// How it ended; nil while it runs. To be asked once after its end.
    package func reap() -> End? { End(ofChild: pid) }

    package func kill() { Glibc.kill(pid, SIGKILL) }
}

extension HelperProcess.End {
    /// How a child ended; nil while it runs. To be asked once after its end.
    init?(ofChild pid: Int32) {
        var status: CInt = 0
        switch unsafe weir_reap(pid, &status) {
        case 0: return nil
        case 1:
            var code: CInt = 0
            self = unsafe weir_exited(status, &code) == 1 ? .exited(code) : .killed(signal: code)
        default: self = .exited(0)
        }
    }
}

/// Calls the body with the strings as execve(2) takes them.
///
/// `unsafe`: the strings are copied for the call.
func withPointers<Result>(
    _ texts: [String], _ body: (UnsafePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = unsafe texts.map { unsafe strdup($0) } + [nil]
    defer { for index in unsafe pointers.indices { unsafe free(pointers[index]) } }
    return unsafe pointers.withUnsafeMutableBufferPointer { buffer in
        unsafe body(UnsafePointer(buffer.baseAddress!))
    }
}
