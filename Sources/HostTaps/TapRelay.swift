// SPDX-License-Identifier: Apache-2.0

import CopyDelivery
import FlowKernel
import FlowModel
package import HelperSupervision
import Host
package import Logging
import TapService

/// Follows a plan with `weir-mirror`: the process knows a session before its first copy lies in the ring, and what it could not send comes
/// into the session's account.
package struct TapRelay {
    private let mirror: MirrorSupervisor
    private let logger: Logger
    /// The kernel's number of the ring that it has.
    private var handed: UInt32?
    private var hasSockets = false

    /// No copy waits longer for its interface.
    private static let patience = Duration.milliseconds(100)

    package init(_ mirror: MirrorSupervisor, logger: Logger) {
        self.mirror = mirror
        self.logger = logger
    }

    var report: MirrorReport? { mirror.report }

    /// To be called before the plan of these is in force.
    mutating func prepare(_ relays: [UInt16: TapTunnel]) {
        if !relays.isEmpty, !hasSockets {
            for outlet in MirrorMessage.Outlet.all { open(outlet) }
            hasSockets = true
        }
        mirror.add(relays)
    }

    /// Opens a socket whose packets are marked as copies, which weir-mirror may not.
    private func open(_ outlet: MirrorMessage.Outlet) {
        do throws(KernelError) {
            let socket = try ThreadPrivileges.inForce { () throws(KernelError) -> Descriptor in
                try TunnelSocket.open(outlet.kind, mark: CopyMark.value, patience: Self.patience)
            }
            mirror.hand(socket, as: outlet)
        } catch {
            // A host may have no IPv6; once for all sockets of a kind.
            guard outlet.number == 0 else { return }
            let kind = outlet.kind.version == .v4 ? "IPv4" : "IPv6"
            logger.warning("copies that weir-mirror sends cannot leave by \(kind): \(error)")
        }
    }

    /// To be called when it is.
    mutating func follow(_ relays: [UInt16: TapTunnel], by engine: borrowing some TapEngine & ~Copyable) {
        mirror.keep(Set(relays.keys))
        guard !relays.isEmpty, let ring = (try? engine.mirrorRing()) ?? nil, ring.id != handed else { return }
        handed = ring.id
        let (size, id) = (ring.size, ring.id)
        mirror.hand(ring: ring.takeDescriptor(), size: size, id: id)
    }

    /// - Returns: whether there was something.
    func takeUnsent(into accounts: inout TapAccounts) -> Bool {
        var isChanged = false
        for copies in mirror.takeUnsent() {
            guard let session = accounts.labels.session(of: copies.label) else { continue }
            accounts.add(unsent: copies.figures, of: session, at: PortNumber(copies.port))
            isChanged = true
        }
        return isChanged
    }

    /// Has all sent that lies in the ring; blocks, for some seconds at most.
    func finish() { mirror.finish() }
}

extension UnsentCopies {
    fileprivate var figures: TapFigures {
        var counts = TapCounts()
        let count = PacketCount(packets: packets, octets: octets)
        switch cause {
        case .destination: counts.failed.destination = count
        case .tooBig: counts.failed.tooBig = count
        }
        counts.truncated = PacketCount(packets: cutPackets, octets: cutOctets)
        return isEgress ? TapFigures(egress: counts) : TapFigures(ingress: counts)
    }
}
