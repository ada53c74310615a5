// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit

/// A program that sends datagrams at a steady pace from the left guest to an address behind the right one, where nobody
/// answers, until it is told to stop; then it says how many it sent of each flow.
final class SteadyTraffic {
    private static let flows = 32
    private static let payload = 50
    private static let octets = UInt64(20 + 8 + payload)
    private static let source: IPAddress = "10.9.0.1"
    private static let destination: IPAddress = "10.9.7.7"
    private static let firstPort: UInt16 = 2000

    private let child: ChildProcess

    /// Some 6,400 datagrams a second, at most for that long.
    init(_ site: Site, atMost limit: Int) throws {
        let ethernet = Layer.ethernet(
            from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0"))
        let frames = (0..<Self.flows).map { flow in
            Frame([
                ethernet, .ipv4(from: Self.source, to: Self.destination),
                .udp(from: Self.firstPort + UInt16(flow), to: 53), .payload(Self.payload),
            ]).bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        }
        child = try ChildProcess(
            ["nsenter", "--net=\(site.left.path)", "python3", "-c", Self.program, "eth0", "\(limit)"] + frames)
        try waitUntil("the sender begins: \(child.errors)") { child.output.hasPrefix("ready") }
    }

    /// Ends it. What both ports of the site must have in their records.
    func stop() throws -> [LoggedFlow: PacketCount] {
        let result = child.stop(15, grace: .seconds(20))
        let counts = result.output.split(separator: "\n").last?.split(separator: " ").compactMap { UInt64($0) } ?? []
        guard result.succeeded, counts.count == Self.flows else { throw Site.Ended(errors: result.errors) }
        var expected: [LoggedFlow: PacketCount] = [:]
        for (flow, packets) in counts.enumerated() {
            for port in ["port-a", "port-b"] {
                let key = LoggedFlow(
                    port: port, source: "\(Self.source)", destination: "\(Self.destination)", transport: 17,
                    sourcePort: Self.firstPort + UInt16(flow), destinationPort: 53)
                expected[key] = PacketCount(packets: packets, octets: packets * Self.octets)
            }
        }
        return expected
    }

    private static let program = """
        import signal, socket, sys, time
        stopped = False
        def stop(*_):
            global stopped
            stopped = True
        signal.signal(signal.SIGTERM, stop)
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sender.bind((sys.argv[1], 0))
        frames = [bytes.fromhex(frame) for frame in sys.argv[3:]]
        counts = [0] * len(frames)
        end = time.monotonic() + int(sys.argv[2])
        print("ready", flush=True)
        while not stopped and time.monotonic() < end:
            for flow, frame in enumerate(frames):
                sender.send(frame)
                counts[flow] += 1
            time.sleep(0.005)
        print(*counts)
        """
}
