// SPDX-License-Identifier: Apache-2.0

import FlyingSocks
import Foundation

/// Asks a running daemon over its control socket.
package enum ControlClient {
    /// A daemon that is held up must not hold up who asks.
    private static let patience = Duration.seconds(3)

    /// The daemon's report, or nil if none answers there in a few seconds.
    package static func report(at path: String) async -> DaemonReport? {
        let body = await withTaskGroup(of: Data?.self) { group in
            group.addTask { try? await get("/status", at: path) }
            group.addTask {
                try? await Task.sleep(for: patience)
                return nil
            }
            defer { group.cancelAll() }
            return await group.next() ?? nil
        }
        return body.flatMap { try? JSONDecoder().decode(DaemonReport.self, from: $0) }
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
