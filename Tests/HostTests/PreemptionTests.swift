// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import Testing

@Suite struct PreemptionTests {
    @Test(arguments: [("1\n", true), ("0\n", false), ("", false)])
    func aRealtimeKernelIsKnownByItsFile(content: String, isRealtime: Bool) throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: file) }
        try Data(content.utf8).write(to: file)
        #expect(Preemption.isRealtime(file: file.path) == isRealtime)
        if isRealtime {
            #expect(throws: KernelError.self) { try Preemption.requireOneWriter(file: file.path) }
        } else {
            try Preemption.requireOneWriter(file: file.path)
        }
    }

    @Test func aKernelWithoutTheFileIsNone() {
        #expect(!Preemption.isRealtime(file: "/nonexistent/realtime"))
    }
}
