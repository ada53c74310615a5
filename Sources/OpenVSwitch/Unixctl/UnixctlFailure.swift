// SPDX-License-Identifier: Apache-2.0

/// Why a command of the switch has no answer: as a part of a sentence.
package enum UnixctlFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// It cannot be reached, for that reason.
    case unreachable(String)
    /// It has closed the connection before all was said.
    case closed
    /// It has said nothing for so long.
    case silent(Duration)
    /// It has not come to an end for so long.
    case slow(Duration)
    /// It says that it cannot.
    case refused(String)
    /// It says what is no answer.
    case nonsense(String)
    /// Nobody wants to know any more.
    case ended

    package var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .closed: "it has closed the connection midway"
        case .silent(let duration): "it has not answered for \(duration.components.seconds) s"
        case .slow(let duration): "its answer has not ended for \(duration.components.seconds) s"
        case .refused(let error): "it refuses: \(error.split(whereSeparator: \.isNewline).joined(separator: " "))"
        case .nonsense(let problem): "it speaks nonsense: \(problem)"
        case .ended: "the daemon ends"
        }
    }
}
