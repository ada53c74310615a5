// SPDX-License-Identifier: Apache-2.0

import DaemonReports
package import FlowKernel
import FlowModel
import Foundation
package import Host
import Logging

/// What became of ports.
package struct PortChanges: Equatable, Sendable {
    /// A port that has another name now.
    package struct Renaming: Equatable, Sendable {
        package var port: RegisteredPort
        package var name: String
    }

    package var attached: [RegisteredPort] = []
    package var gone: [RegisteredPort] = []
    /// Closed, since all of their programs were gone; their interfaces are attached anew.
    package var replaced: [RegisteredPort] = []
    package var renamed: [Renaming] = []
    /// The directory that lists interfaces another way now, as log lines call it.
    package var directory = ""
    /// Detached, because the directory lists them no more.
    package var released: [RegisteredPort] = []
    /// Detached, because the switch reads them another way now; the interface is attached anew.
    package var changed: [RegisteredPort] = []
    /// Detached, because the configuration that was read again does not name them, or has them attached another way.
    package var dropped: [RegisteredPort] = []
    /// Ports of which something had been taken away, and that are whole again.
    package var mended: [PortReview.Mending] = []
    /// Those that are not.
    package var unmended: [PortReview.Failure] = []
    /// What all ports share and had been unpinned, and is pinned again: paths.
    package var pinned: [String] = []
    package var refused: [KernelError] = []
    /// An interface that is not attached now, and is tried again.
    package struct Withheld: Equatable, Sendable {
        package var name: String
        package var reason: KernelError
    }

    package var withheld: [Withheld] = []
    /// What a rename means for the policy of a port.
    package var policyNotes: [String] = []
    /// Why ports were attached without the policy that they were to have.
    package var policyFailures: [String] = []
    /// Whether the kernel could not keep all that happened, so that the interfaces are listed anew.
    package var hasLostEvents = false

    package init() {}
}

extension Logger {
    func log(_ changes: PortChanges) {
        if changes.hasLostEvents {
            notice("more happened to interfaces than the kernel could keep; looking at all of them")
        }
        for failure in changes.policyFailures { error("\(failure)") }
        log(findings: changes)
        for port in changes.attached { notice("attached \(port.name) as port \(port.number.rawValue)") }
        for port in changes.gone {
            notice("\(port.name) is gone; its last records come with this window (port \(port.number.rawValue))")
        }
        for change in changes.renamed {
            notice("\(change.port.name) is called \(change.name) now (port \(change.port.number.rawValue))")
        }
        for port in changes.released {
            notice(
                "\(changes.directory) has given up \(port.name); its last records come with this window (port \(port.number.rawValue))"
            )
        }
        for port in changes.changed {
            notice(
                "\(changes.directory) reads \(port.name) another way now: it is attached anew; the last records of port \(port.number.rawValue) come with this window"
            )
        }
        for port in changes.dropped {
            notice(
                "\(port.name) is detached, as the configuration says now; its last records come with this window (port \(port.number.rawValue))"
            )
        }
        for note in changes.policyNotes { warning("\(note)") }
        for failure in changes.refused { error("\(failure)") }
        logWithheld(changes.withheld)
    }
}

extension Logger {
    /// One line for all that are withheld for the same reason.
    private func logWithheld(_ withheld: [PortChanges.Withheld]) {
        for (_, group) in Dictionary(grouping: withheld, by: \.reason.cause).sorted(by: { $0.key < $1.key }) {
            guard let reason = group.first?.reason else { continue }
            let names = group.map(\.name).sorted()
            let shown = names.prefix(Self.mostNames).joined(separator: ", ")
            let others = names.count > Self.mostNames ? " and \(names.count - Self.mostNames) others" : ""
            error(
                "cannot attach to \(shown)\(others): \(reason.cause); \(reason.remedy ?? ""); Weir tries again every few seconds"
            )
        }
    }

    private static var mostNames: Int { 20 }

    fileprivate func log(findings changes: PortChanges) {
        if let first = changes.pinned.first {
            let others = changes.pinned.count == 1 ? "" : " and \(changes.pinned.count - 1) other pins"
            warning("\(first)\(others) had been removed by another process; Weir made them again")
        }
        for port in changes.replaced {
            warning(
                """
                \(port.name): no program of Weir was on it any more: another process had detached them, or the interface was made \
                anew; it is attached anew, and the last records of port \(port.number.rawValue) come with this window
                """)
        }
        for mending in changes.mended { warning("\(mending.text)") }
        for failure in changes.unmended {
            error(
                """
                \(failure.finding.port.name): \(failure.finding.faults.text), and Weir cannot mend it: \(failure.error); \
                its records are incomplete
                """)
        }
    }
}

extension PortReview.Mending {
    /// What was missing, what was done, and what was not counted meanwhile.
    package var text: String {
        let faults = finding.faults
        let remedy =
            faults.contains { $0.losesFrames && $0 != .attachedAnew }
            ? "; Weir attached it again"
            : faults.contains(.attachedAnew) ? "" : "; Weir pinned it again"
        return "\(finding.port.name): \(faults.text)\(remedy)\(loss)"
    }

    private var loss: String {
        guard finding.faults.contains(where: \.losesFrames) else { return "" }
        let end = Self.clock(mended)
        let span = finding.whole.map { "between \(Self.clock($0)) and \(end)" } ?? "until \(end)"
        return "; frames \(span) UTC may not have been counted (port \(finding.port.number.rawValue))"
    }

    private static func clock(_ time: UnixTime) -> String {
        let date = Date(timeIntervalSince1970: Double(time.nanoseconds) / 1e9)
        return date.formatted(
            Date.ISO8601FormatStyle(includingFractionalSeconds: true).time(includingFractionalSeconds: true))
    }
}

extension CoverageReport {
    mutating func add(_ changes: PortChanges) {
        interruptions += UInt64(changes.mended.count + changes.replaced.count + changes.unmended.count)
        lastInterruption = changes.mended.last?.text ?? lastInterruption
    }
}
