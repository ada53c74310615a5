// SPDX-License-Identifier: Apache-2.0

import BPF
package import FlowModel
import Glibc
package import Host

/// What a review of all ports came to.
package struct PortReview: Sendable {
    /// A port that is whole again.
    package struct Mending: Equatable, Sendable {
        package let finding: PortFinding
        package let mended: UnixTime

        package init(finding: PortFinding, mended: UnixTime) {
            self.finding = finding
            self.mended = mended
        }
    }

    /// A port that is not whole, and cannot be made so now.
    package struct Failure: Equatable, Sendable {
        package let finding: PortFinding
        package let error: KernelError
    }

    /// Closed, since their interfaces or those that attached them are gone.
    package internal(set) var gone: [RegisteredPort] = []
    /// Closed, since they had lost all of their programs and may be on another interface of the same name and index.
    package internal(set) var replaced: [RegisteredPort] = []
    package internal(set) var mended: [Mending] = []
    package internal(set) var unmended: [Failure] = []
}

extension Installation {
    /// Looks at every port. Closes those whose interface or attacher is gone, and mends those that lost something else.
    ///
    /// - Parameter isReplaced: whether a port that has lost all of its programs is to be closed, since its interface may be another
    ///   one of the same name and index, whose arrival was not seen.
    package func review(
        _ inspection: PortInspection, closingIf isReplaced: (RegisteredPort) -> Bool = { _ in false }
    ) throws(KernelError) -> PortReview {
        var review = PortReview()
        guard try !inspection.look(at: tables, isOurTurn: false).isEmpty else { return review }
        // Again, since others may just be attaching or detaching.
        let turn = try directory.openPorts()
        try turn.waitForLock()
        for finding in try inspection.look(at: tables, isOurTurn: true) {
            do throws(KernelError) {
                if isGone(finding) || finding.hasLostAllPrograms && isReplaced(finding.port) {
                    try close(finding, &review)
                } else {
                    try mend(finding, inspection, &review)
                }
            } catch {
                review.unmended.append(PortReview.Failure(finding: finding, error: error))
            }
        }
        if !review.gone.isEmpty || !review.replaced.isEmpty { try leaveUnusedNamespaces() }
        return review
    }

    private func close(_ finding: PortFinding, _ review: inout PortReview) throws(KernelError) {
        // What it counted last is still to be drained.
        _ = try tables.maps.counts.pinAgain(finding.port)
        try close(finding.port)
        if isGone(finding) {
            review.gone.append(finding.port)
        } else {
            review.replaced.append(finding.port)
        }
    }

    private func mend(
        _ finding: PortFinding, _ inspection: PortInspection, _ review: inout PortReview
    ) throws(KernelError) {
        try mend(finding, inspection)
        inspection.noteMended(finding.port)
        review.mended.append(PortReview.Mending(finding: finding, mended: ClockAnchor.now.realtime))
    }

    /// Closes every port whose interface or attacher is gone, and returns them.
    package func closeDeadPorts() throws(KernelError) -> [RegisteredPort] {
        let turn = try directory.openPorts()
        try turn.waitForLock()
        let gone = try PortInspection(directory).look(at: tables, isOurTurn: true).filter { isGone($0) }.map(\.port)
        for port in gone { try close(port) }
        if !gone.isEmpty { try leaveUnusedNamespaces() }
        return gone
    }

    /// Of an interface in another network namespace nothing but its links tells whether it is there: where all of them are dead it
    /// is taken to be gone.
    private func isGone(_ finding: PortFinding) -> Bool {
        if finding.port.isUnfinished || finding.faults == [.interfaceGone] { return true }
        return !isHere(finding.port) && finding.hasLostAllPrograms
    }

    /// What is missing of a port.
    package func faults(of port: RegisteredPort) -> [PortFault] {
        var links = PortLook.Links()
        return ThreadPrivileges.inForce {
            PortLook(
                port: port, directory: directory, isHere: isHere(port), tables: tables.maps.control.id,
                folderState: FolderState(of: directory.portDirectory(port.number))
            ).faults(&links)
        }
    }

    /// Whether the port's programs are on the interface that it was attached to, and its pins are there.
    package func isAlive(_ port: RegisteredPort) -> Bool { !port.isUnfinished && faults(of: port).isEmpty }
}

extension PortFinding {
    /// Whether no program of the port is on its interface any more, as where another interface has its index.
    var hasLostAllPrograms: Bool {
        TCHook.Side.allCases.allSatisfy { side in
            port.hook(side) == .unobserved || faults.contains { $0.isOf(side) }
        }
    }
}
