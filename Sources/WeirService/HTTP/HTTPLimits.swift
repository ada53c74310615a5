// SPDX-License-Identifier: Apache-2.0

/// What clients of one endpoint can cost the server at most.
package struct HTTPLimits: Sendable {
    /// Connections that have no answer yet, or do not have all of it. Each takes a descriptor and some kilobytes beside the
    /// answer, which all share.
    package var connections = 32
    /// From the moment that a connection is accepted to its close.
    package var answerTime = Duration.seconds(3)
    /// From the moment that a request is handed to another thread to the close, where that takes longer.
    package var workTime = Duration.seconds(15)
    /// Bytes of a request's body; 0: no body is read.
    package var bodyBytes = 0
    /// Streams of events; they do not count as connections.
    package var streams = 16
    /// Bytes of events that wait for one client. A client that lets more wait is disconnected.
    package var streamBytes = 65_536
    /// How long a client may take nothing of a stream while events wait for it.
    package var streamStall = Duration.seconds(30)
    /// How long a stream is silent before the server sends a comment, which tells both ends whether the other is there.
    package var heartbeat = Duration.seconds(15)

    package init() {}
}
