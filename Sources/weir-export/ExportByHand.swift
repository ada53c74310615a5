// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowStore
import Foundation
import Glibc
import Host
import SystemPackage
import WeirConfiguration

/// The process as an operator starts it: it reads the configuration and the store by itself.
struct ExportByHand {
    private let configuration: Configuration
    private let once: Bool

    init(_ configuration: Configuration, once: Bool) {
        self.configuration = configuration
        self.once = once
    }

    func run() throws {
        let signals = AwaitedSignals(blocking: AwaitedSignals.fatal)
        let store = try StoreReader(FilePath(configuration.store))
        let newest = try store.newestSequence() ?? 0
        let plan = configuration.exportPlan(stateID: "export", start: newest)
        guard !plan.sinks.isEmpty else {
            throw ConfigurationError(nil, "no sink is configured: set log-dir, stdout or sinks")
        }
        let services = ServiceNames.read()
        try plan.makeFolders()
        _ = try Confinement.enter(reading: [plan.store], writing: [plan.folder] + plan.directories, reach: plan.reach)
        let threads = try ExportThreads(plan, services) { Self.say($0, $1) }
        if threads.wantsSamples {
            Self.say(
                .warning,
                "there are no samples of packets: the kernel's copies go to the weir-export that weir run starts")
        }
        if !once { _ = signals.next() }
        threads.finish()
        if let failed = threads.reports.lazy.compactMap(\.failure).first { throw Undelivered(description: failed) }
    }

    private static func say(_ severity: SinkRunner.Severity, _ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data("weir-export: \(text)\n".utf8))
    }
}

private struct Undelivered: Error, CustomStringConvertible {
    let description: String
}
