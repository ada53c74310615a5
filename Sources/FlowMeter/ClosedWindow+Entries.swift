// SPDX-License-Identifier: Apache-2.0

package import FlowModel

extension ClosedWindow {
    /// Calls the function with the record of every flow of the ports given, in no particular order, and with those that stand
    /// in at other ports; returns how many there were.
    ///
    /// A flow of a port that is not given gets no record: the register forgets a port only after its last window. One
    /// record is made for all, and changed from call to call: a million of them need the memory of one, and what is the
    /// same in the next costs nothing. The function may give it another verdict and
    /// names, and nothing else.
    @discardableResult
    package func forEachRecord(ports: [PortNumber: Port], _ body: (inout FlowRecord) -> Void) -> Int {
        guard let anyPort = ports.values.first else { return 0 }
        let times = RecordTimes(of: self)
        let places = places(of: ports)
        var record = FlowRecord(window: window, port: anyPort)
        var count = 0
        let records = flows.records
        for place in Self.portOrder(records) {
            let index = Int(place)
            let number = records[index].key.port
            if number != record.port.number || count == 0 {
                guard number.rawValue < places.count, let port = places[Int(number.rawValue)] else { continue }
                record.port = port
            }
            record.set(records[index], times)
            body(&record)
            count += 1
        }
        let standIns = standIns(at: ports)
        for (place, receiver) in standIns {
            record.set(records[place], times)
            record.standIn(at: receiver, from: ports[records[place].key.port])
            body(&record)
        }
        return count + standIns.count
    }

    private static var fewRecords: Int { 2048 }

    /// The records' places, port after port: what is stored so is smaller, and found faster.
    private static func portOrder(_ records: [CountedFlow]) -> [UInt32] {
        // A table of all ports is for many records.
        guard records.count > fewRecords else {
            return (0..<UInt32(records.count)).sorted {
                (records[Int($0)].key.port, $0) < (records[Int($1)].key.port, $1)
            }
        }
        var starts = [UInt32](repeating: 0, count: Int(UInt16.max) + 2)
        for index in records.indices { starts[Int(records[index].key.port.rawValue) + 1] += 1 }
        for port in 1..<starts.count { starts[port] += starts[port - 1] }
        var order = [UInt32](repeating: 0, count: records.count)
        for index in records.indices {
            let port = Int(records[index].key.port.rawValue)
            order[Int(starts[port])] = UInt32(index)
            starts[port] += 1
        }
        return order
    }

    /// The lines that tell of no traffic, or not of all: for each port NODATA where no IP packet was seen, well-formed or not,
    /// although the port was measured throughout; SKIPDATA where packets found no slot, or may not have been counted at all.
    ///
    /// - Parameter receivers: at which records of other ports stand in, also of flows that are not in memory.
    package func gaps(ports: [PortNumber: Port], receivers: Set<PortNumber>) -> [LogEntry] {
        ports.values.sorted { $0.number < $1.number }.compactMap { port in
            gap(of: port, hasRecords: receivers.contains(port.number))
        }
    }

    /// The ports at which records of others stand in, of the flows that are in memory.
    package func receivers(ports: [PortNumber: Port]) -> Set<PortNumber> {
        Set(standIns(at: ports).map(\.receiver.number))
    }

    /// All lines at once, where there are few.
    package func entries(ports: [PortNumber: Port]) -> [LogEntry] {
        var entries: [LogEntry] = []
        forEachRecord(ports: ports) { entries.append(.flow($0)) }
        return entries + unparsed(ports: ports) + gaps(ports: ports, receivers: receivers(ports: ports))
    }

    /// The ports by their numbers: a hash a record would cost more than the record.
    private func places(of ports: [PortNumber: Port]) -> [Port?] {
        guard let highest = ports.keys.max() else { return [] }
        var places = [Port?](repeating: nil, count: Int(highest.rawValue) + 1)
        for (number, port) in ports { places[Int(number.rawValue)] = port }
        return places
    }

    private func gap(of port: Port, hasRecords: Bool) -> LogEntry? {
        let totals = Direction.allCases.reduce(into: PortTotals()) { sum, direction in
            sum += self.totals[PortSide(port: port.number, direction: direction)] ?? PortTotals()
        }
        if !totals.overflow.isZero || port.coverage.interruption != nil {
            return .skipData(port: port, window: window, overflow: totals.overflow)
        }
        let isSilent = (totals.ip + totals.malformed).isZero && !hasRecords
        return isSilent && port.coverage == .whole ? .noData(port: port, window: window) : nil
    }
}

extension FlowRecord {
    fileprivate init(window: Window, port: Port) {
        let nothing = IPAddress(v4: 0)
        self.init(
            port: port, window: window,
            key: FlowKey(
                port: port.number, direction: .ingress, transport: 0, source: nothing, destination: nothing),
            count: .zero, first: window.start, last: window.start)
    }

    /// All but window and port.
    @inline(__always)
    fileprivate mutating func set(_ flow: CountedFlow, _ times: RecordTimes) {
        key = flow.key
        count = flow.counters.count
        first = times.time(of: flow.counters.first)
        last = times.time(of: flow.counters.last)
        tcpControlBits = flow.counters.tcpControlBits
        tcpFlags = flow.counters.tcpFlags
        hidesTCPFlags = flow.counters.hidesTCPFlags
        dscp = flow.counters.dscp
        sourceMAC = flow.counters.sourceMAC
        destinationMAC = flow.counters.destinationMAC
        verdict = flow.key.direction.bit == port.role.directionToPort.bit ? .accept(.observed) : .unknown
    }

    /// Makes the record of what came in at one port that of what left at another, which no program saw.
    fileprivate mutating func standIn(at receiver: Port, from origin: Port?) {
        port = receiver
        key.port = receiver.number
        key.direction = receiver.role.directionToPort
        (key.rule, key.ruling) = (0, .none)
        verdict = .unknown
        observedAt = origin
    }
}

/// The wall-clock times of a window's packets, inside the window.
///
/// The swap decides to which window a packet belongs, and it comes some milliseconds after the edge; the kernel's coarse
/// clock lags by up to a tick. Neither may put a packet's second outside of its window.
private struct RecordTimes {
    /// How far the wall clock was ahead of the monotonic clock, in nanoseconds.
    private let offset: Int64
    private let earliest: Int64
    private let latest: Int64

    init(of closed: ClosedWindow) {
        offset = closed.anchor.realtime.nanoseconds - Int64(closed.anchor.monotonic.nanoseconds)
        earliest = closed.window.start.nanoseconds
        latest = max(earliest, closed.window.end.nanoseconds - 1)
    }

    @inline(__always)
    func time(of moment: MonotonicTime) -> UnixTime {
        UnixTime(nanoseconds: min(max(Int64(moment.nanoseconds) + offset, earliest), latest))
    }
}
