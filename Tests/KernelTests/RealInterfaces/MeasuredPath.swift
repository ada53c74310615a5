// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
import Testing

/// A switched path whose guest's port is measured, with a witness at each far end: where the frames arrive.
final class MeasuredPath {
    let path: SwitchedPath
    let port: RegisteredPort
    private let installation: TemporaryInstallation
    private let egressWitness: CaptureWitness
    private let ingressWitness: CaptureWitness

    init(_ path: SwitchedPath, _ way: RealInterfaces.Way) throws {
        self.path = path
        installation = try TemporaryInstallation()
        port = try installation.attach("port0", in: path.host, way.options)
        egressWitness = try CaptureWitness(on: "eth0", in: path.peer, direction: .received, longest: 2048)
        ingressWitness = try CaptureWitness(on: "eth0", in: path.guest, direction: .received, longest: 2048)
    }

    /// What one direction came to.
    struct Side {
        let totals: PortTotals
        let flows: [FlowIdentity: FlowCounters]
        /// What the witness saw, in order.
        let frames: [[UInt8]]
        let witness: ReferenceMeter

        /// The count of the flow of that transport from that address; of all of them, where they are several.
        func count(_ transport: UInt8, from source: IPAddress) -> PacketCount {
            flows.filter { $0.key.transport == transport && $0.key.source == source }
                .reduce(.zero) { $0 + $1.value.count }
        }

        fileprivate func expectAgreement(_ direction: Direction, _ location: SourceLocation) {
            #expect(totals == witness.totals, "\(direction)", sourceLocation: location)
            let recorded = flows.mapValues(ReferenceMeter.Tally.init)
            for (flow, tally) in witness.flows {
                #expect(recorded[flow] == tally, "\(direction): \(flow)", sourceLocation: location)
            }
            #expect(Set(recorded.keys) == Set(witness.flows.keys), "\(direction)", sourceLocation: location)
        }
    }

    struct Outcome {
        let egress: Side
        let ingress: Side
    }

    /// Waits until all that was sent has arrived; then everything in both directions must be as the witnesses saw it.
    func finish(sourceLocation location: SourceLocation = #_sourceLocation) throws -> Outcome {
        try sendMark(from: path.guest, path.guestMAC, path.peerMAC, until: egressWitness)
        try sendMark(from: path.peer, path.peerMAC, path.guestMAC, until: ingressWitness)
        let snapshot = try installation.installation.tables.snapshot()
        let outcome = Outcome(
            egress: try side(.egress, snapshot, try egressWitness.stop()),
            ingress: try side(.ingress, snapshot, try ingressWitness.stop()))
        outcome.egress.expectAgreement(.egress, location)
        outcome.ingress.expectAgreement(.ingress, location)
        return outcome
    }

    /// The last frame of a direction; frames of one CPU do not overtake each other.
    private func sendMark(
        from end: NetworkNamespace, _ source: MACAddress, _ destination: MACAddress, until witness: CaptureWitness
    ) throws {
        let mark = Frame(.ethernet(from: source, to: destination), .payload(46)).bytes
        try FrameInjector(on: "eth0", in: end).send(mark)
        try waitUntil("the mark has arrived") { try witness.frames().contains(mark) }
    }

    private func side(_ direction: Direction, _ snapshot: FlowSnapshot, _ frames: [[UInt8]]) throws -> Side {
        var meter = ReferenceMeter()
        for frame in frames { meter.see(frame) }
        let totals = try #require(snapshot.totals[port.number])
        let flows = snapshot.flows.filter { $0.key.port == port.number && $0.key.direction == direction }
        return Side(
            totals: direction == .egress ? totals.egress : totals.ingress,
            flows: Dictionary(uniqueKeysWithValues: flows.map { (FlowIdentity($0.key), $0.value) }),
            frames: frames, witness: meter)
    }
}
