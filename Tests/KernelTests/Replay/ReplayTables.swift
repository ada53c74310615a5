// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import FlowBench
import FlowKernel
import FlowMeter
import FlowModel
import Host
import Testing

/// Pinned tables with ports that have no interface: their packets come by replay.
///
/// Every thread opens the tables for itself; only the directory goes from one to the other.
final class ReplayTables {
    static let port = PortNumber(7)
    static let secondPort = PortNumber(8)

    private let installation: TemporaryInstallation
    /// Wall time that begins at an edge of every interval in use here, so that none comes in the middle of a test.
    private let started = ClockAnchor.now.monotonic

    init(_ request: TableRequest) throws {
        installation = try TemporaryInstallation(request)
        for port in [Self.port, Self.secondPort] {
            try installation.register(
                RegisteredPort(
                    number: port, interface: NetworkInterface(name: "none", index: 0), role: .guest,
                    networkNamespace: 0))
        }
    }

    var directory: PinDirectory { installation.directory }

    var now: ClockAnchor { Self.now(since: started) }

    static func now(since start: MonotonicTime) -> ClockAnchor {
        let monotonic = ClockAnchor.now.monotonic
        let wall = UnixTime(seconds: 1_800_000_000).advanced(by: start.duration(to: monotonic))
        return ClockAnchor(monotonic: monotonic, realtime: wall)
    }

    func open() throws -> FlowTables { try FlowTables.open(in: directory, rights: .readWrite) }

    /// A meter whose windows end when they are cut short.
    func meter() throws -> FlowMeter<KernelFlowSource> {
        try installation.meter(interval: .seconds(3600), now: now)
    }

    /// Packets for a port, from the calling thread.
    func source(
        _ form: FrameForm = .ipv4, through kind: ProgramKind = .tcFromPort, of port: PortNumber = port, room: Int
    ) throws -> PacketSource {
        try PacketSource(form, through: kind, of: port, on: try open(), room: room)
    }

    /// The window as it is now, closed.
    func close(_ meter: inout FlowMeter<KernelFlowSource>) throws -> ClosedWindow {
        let closed = try #require(try meter.cutShort(at: now))
        #expect(closed.violations.isEmpty)
        return closed
    }

    /// Ends the window and forgets what it counted.
    func pass(_ meter: inout FlowMeter<KernelFlowSource>) throws {
        let closed = try close(&meter)
        try meter.release(closed)
    }

    /// A map's memory, to be looked into and written.
    func memory<Element: BitwiseCopyable>(
        of map: String, as type: Element.Type = Element.self
    ) throws -> MappedArray<Element> {
        try MappedArray(of: try .open(pinnedAt: "\(directory.layout)/\(map)"), rights: .readWrite)
    }

    /// Writes into the page that programs and meters read.
    func change(_ body: (inout weir_control) -> Void) throws {
        let page: MappedArray<weir_control> = try memory(of: WEIR_MAP_CONTROL)
        var control = page[0]
        body(&control)
        page[0] = control
    }
}

extension ClosedWindow {
    /// What was seen of the frames that come from that port.
    func egress(of port: PortNumber) -> PortTotals { totals[PortSide(port: port, direction: .egress)] ?? PortTotals() }
}
