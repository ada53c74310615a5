// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A port whose frames are captured, and what became of them.
package struct CapturedPort: Equatable, Sendable {
    package var number: PortNumber
    package var name: String
    /// The machine behind it, and whose it is, as far as that is known.
    package var machine: String?
    package var project: String?
    /// Packets that the capture's rules accepted, and of these those that were lost for want of room.
    package var received: UInt64 = 0
    package var lost: UInt64 = 0

    package init(number: PortNumber, name: String, machine: String? = nil, project: String? = nil) {
        self.number = number
        self.name = name
        self.machine = machine
        self.project = project
    }

    fileprivate var description: String? {
        let words = [machine.map { "machine \($0)" }, project.map { "project \($0)" }].compactMap(\.self)
        return words.isEmpty ? nil : words.joined(separator: ", ")
    }
}

/// Makes pcapng files of copied frames: an interface for each port, when its first frame comes. A file can be closed and another one opened at any
/// time; each can be read by itself.
package struct CaptureStream: Sendable {
    private struct Known {
        var port: CapturedPort
        /// Among the interfaces of the open file; nil: it has none there yet.
        var place: Int?
        var written: UInt64 = 0
        /// Lost since its last frame.
        var pending: UInt64 = 0
    }

    private let writer: Writer
    private let begin: UnixTime
    private var known: [PortNumber: Known] = [:]
    private var interfaces = 0

    /// What stands in the head of each file.
    package struct Writer: Sendable {
        package var hardware: String
        package var system: String
        package var application: String
        /// What was chosen, in words; nil: everything.
        package var filter: String?
        package var packetLength: UInt32

        package init(
            hardware: String, system: String, application: String, filter: String? = nil, packetLength: UInt32 = 0
        ) {
            self.hardware = hardware
            self.system = system
            self.application = application
            self.filter = filter
            self.packetLength = packetLength
        }
    }

    package init(_ writer: Writer, begin: UnixTime) {
        self.writer = writer
        self.begin = begin
    }

    /// Takes what is known of ports now. Each port's next frame has the number of frames lost since the last call.
    package mutating func take(_ ports: [CapturedPort]) {
        for port in ports {
            guard var entry = known[port.number] else {
                known[port.number] = Known(port: port, pending: port.lost)
                continue
            }
            entry.pending += port.lost > entry.port.lost ? port.lost - entry.port.lost : 0
            // A number that has another port now is another interface.
            if entry.port.name != port.name { entry.place = nil }
            entry.port = port
            known[port.number] = entry
        }
    }

    package func port(_ number: PortNumber) -> CapturedPort? { known[number]?.port }

    /// The head of a file. Interfaces follow with their first frames.
    package mutating func openFile() -> [UInt8] {
        interfaces = 0
        for number in known.keys { known[number]?.place = nil }
        return PcapNG.header(hardware: writer.hardware, system: writer.system, application: writer.application)
    }

    /// The blocks of a frame.
    ///
    /// - Parameter rule: what the rule is called that ruled; nil: that is not known.
    package mutating func blocks(of frame: CopiedFrame, at time: UnixTime, rule: String?) -> [UInt8] {
        var entry =
            known[frame.port]
            ?? Known(port: CapturedPort(number: frame.port, name: "port \(frame.port.rawValue)"))
        let description = describe(&entry)
        var packet = PcapNG.Packet(
            interface: entry.place ?? 0, time: time, way: frame.direction == .ingress ? .inbound : .outbound,
            bytes: frame.wireBytes, length: frame.wireLength)
        packet.comments = [frame.verdictText(rule: rule), frame.segmentText].compactMap(\.self)
        if entry.pending > 0 { packet.lost = entry.pending }
        (entry.pending, entry.written) = (0, entry.written + 1)
        known[frame.port] = entry
        return description + PcapNG.block(of: packet)
    }

    /// The block of an interface that the file does not have yet.
    private mutating func describe(_ entry: inout Known) -> [UInt8] {
        guard entry.place == nil else { return [] }
        entry.place = interfaces
        interfaces += 1
        var interface = PcapNG.Interface(name: entry.port.name, description: entry.port.description)
        (interface.filter, interface.packetLength) = (writer.filter, writer.packetLength)
        return PcapNG.block(of: interface)
    }

    /// The end of a file: the statistics of all ports, from the capture's begin on, also of those that have no frame in it.
    package mutating func closeFile(at time: UnixTime) -> [UInt8] {
        var (descriptions, statistics) = ([UInt8](), [UInt8]())
        for (number, last) in known.sorted(by: { $0.key < $1.key }) {
            var entry = last
            descriptions += describe(&entry)
            known[number] = entry
            var own = PcapNG.Statistics(interface: entry.place ?? 0, begin: begin, end: time)
            (own.received, own.dropped, own.written) = (entry.port.received, entry.port.lost, entry.written)
            statistics += PcapNG.block(of: own)
        }
        return descriptions + statistics
    }
}

extension CopiedFrame {
    /// What the port's policy says of it; nil where none was asked.
    package func verdictText(rule name: String?) -> String? {
        let rule = self.rule == 0 ? "" : " by rule \(name ?? "\(self.rule)")"
        return switch ruling {
        case .none: nil
        case .accept: "ACCEPT\(rule)"
        case .reject: "REJECT\(rule), passed: the port is audited"
        case .drop: "REJECT\(rule)"
        }
    }

    /// That it is several packets; nil where it is one.
    fileprivate var segmentText: String? {
        segment == 0 ? nil : "\(packets) packets on the wire, each with \(segment) bytes of the payload"
    }
}
