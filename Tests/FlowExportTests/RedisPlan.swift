// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowTestKit
import Foundation

extension RedisProcess {
    /// The settings of a sink on the port.
    func settings(_ change: (inout RedisSettings) -> Void = { _ in }) -> RedisSettings {
        var settings = RedisSettings(RedisAddress(.tcp(host: "127.0.0.1", port: port)), host: "node1")
        change(&settings)
        return settings
    }
}

extension ExportPlan {
    /// A plan with one sink.
    init(_ directory: TemporaryDirectory, _ redis: RedisSettings) {
        var sink = SinkSettings(name: "r", kind: .redis)
        sink.redis = redis
        sink.format = .json
        self.init(
            store: directory.url.appending(path: "flows").path, folder: directory.state.path, stateID: "t",
            intervalSeconds: 60, sinks: [sink], monitor: MonitorFeed(socket: "/nowhere"))
    }
}
