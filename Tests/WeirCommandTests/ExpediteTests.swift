// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowTestKit
import Foundation
import Host
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// While many ports are attached the kernel ends its grace periods at once, and then as it did before.
    @Suite struct ExpediteTests {
        private static let ports = 100

        private var isExpedited: Bool {
            get throws { try ProcFile.read("/sys/kernel/rcu_expedited").first != "0" }
        }

        private func addPorts(_ site: Site) throws {
            try site.write(
                (0..<Self.ports).map { "tuntap add many\($0) mode tap\n" }.joined(), to: "taps")
            try site.hub.run(["ip", "-batch", site.path("taps")])
        }

        /// Starts a daemon and returns whether the kernel was seen to hurry before all ports were attached.
        private func seesHurry(_ daemon: ChildProcess, _ site: Site) throws -> Bool {
            let deadline = ContinuousClock.now + .seconds(20)
            while ContinuousClock.now < deadline {
                for _ in 0..<1000 where try isExpedited { return true }
                if try site.status().ports.count == Self.ports { return false }
            }
            throw Site.Ended(errors: daemon.errors)
        }

        @Test func `the kernel hurries while ports are attached, and not when the daemon has been killed`() throws {
            try #require(try !isExpedited)
            try Site.with { site in
                try addPorts(site)
                var kills = 0
                // It may be over before it is looked at.
                for _ in 0..<20 where kills == 0 {
                    let daemon = try site.start(["--port", "many*", "--stdout"])
                    if try seesHurry(daemon, site) {
                        _ = daemon.stop(SIGKILL)
                        kills += 1
                    } else {
                        _ = daemon.stop()
                    }
                    try waitUntil("the kernel does as before") { try !isExpedited }
                    try site.weir("detach", "--all")
                }
                #expect(kills == 1)
            }
        }

        @Test func `the kernel is left alone where the configuration says so`() throws {
            try Site.with { site in
                try addPorts(site)
                try site.write("ports: [{match: \"many*\"}]\nexpedite-rcu: false\n", to: "weir.yaml")
                let daemon = try site.start(["--config", site.path("weir.yaml"), "--stdout"])
                #expect(try !seesHurry(daemon, site))
                #expect(daemon.stop().status == 0)
                try site.weir("detach", "--all")
            }
        }
    }
}
