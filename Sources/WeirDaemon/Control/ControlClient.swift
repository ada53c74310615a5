// SPDX-License-Identifier: Apache-2.0

import FlyingSocks
import Foundation

/// Asks a running daemon over its control socket.
package enum ControlClient {
    /// The daemon's report, or nil if none answers there.
    package static func report(at path: String) async -> DaemonReport? {
        guard let body = try? await get("/status", at: path) else { return nil }
        return try? JSONDecoder().decode(DaemonReport.self, from: body)
    }

    private static func get(_ resource: String, at path: String) async throws -> Data {
        let socket = try await AsyncSocket.connected(to: .unix(path: path), timeout: 5)
        defer { try? socket.close() }
        try await socket.write(Data("GET \(resource) HTTP/1.1\r\nHost: weir\r\nConnection: close\r\n\r\n".utf8))
        var answer = Data()
        while let bytes = try? await socket.read(atMost: 65_536), !bytes.isEmpty { answer += bytes }
        guard let end = answer.firstRange(of: Data("\r\n\r\n".utf8)) else { return Data() }
        return answer[end.upperBound...]
    }
}
