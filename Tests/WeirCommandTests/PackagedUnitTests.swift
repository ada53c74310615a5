// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    @Suite struct PackagedUnitTests {
        @Test func `the packaged unit runs under systemd with no more than it says`() throws {
            let tool = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
                .deletingLastPathComponent().appending(path: "tools/test-systemd").path
            let result = try ChildProcess.outcome(of: [tool, Site.binary], within: .seconds(90))
            #expect(result.status == 0, "\(result.output)\(result.errors)")
        }
    }
}
