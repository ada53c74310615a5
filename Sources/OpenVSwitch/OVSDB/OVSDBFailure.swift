// SPDX-License-Identifier: Apache-2.0

/// Why a database of Open vSwitch cannot be followed any more: as a part of a sentence.
package enum OVSDBFailure: Error, Equatable, Sendable, CustomStringConvertible {
    /// It cannot be reached, for that reason.
    case unreachable(String)
    /// It has closed the connection.
    case closed
    /// It has not answered for so long.
    case silent(Duration)
    /// It has answered our request with an error.
    case refused(String)
    /// What it says is no message that it may send.
    case nonsense(String)

    package var description: String {
        switch self {
        case .unreachable(let reason): reason
        case .closed: "it has closed the connection"
        case .silent(let duration): "it has not answered for \(duration.components.seconds) s"
        case .refused(let error): "it refuses what is asked: \(error)"
        case .nonsense(let problem): "it speaks nonsense: \(problem)"
        }
    }
}
