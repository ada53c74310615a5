// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit

/// A program on one CPU that sends datagrams as fast as it can until it is told to stop, and then says how many.
///
/// They go to an address that nobody has: the other end of the pair drops them behind its hooks.
final class CountingSender {
    static let flows = 64
    static let source: IPAddress = "10.9.0.1"
    static let destination: IPAddress = "10.9.0.2"
    static let sourcePort: UInt16 = 4000
    static let firstPort: UInt16 = 1000
    static let payload = 100
    static let octets = UInt64(20 + 8 + payload)

    private let child: ChildProcess

    /// Makes the way to nowhere.
    static func prepare(_ interface: String, in namespace: NetworkNamespace) throws {
        try namespace.addSilentAddress(source, on: interface, towards: destination, at: "02:00:00:00:00:99")
    }

    init(on cpu: Int, in namespace: NetworkNamespace) throws {
        child = try Traffic.start(Self.program, [], on: cpu, in: namespace)
    }

    /// Ends it. How many datagrams it sent of each flow, which is told by the destination port.
    func stop() throws -> [UInt16: UInt64] {
        let result = child.stop(15, grace: .seconds(20))
        let counts = result.output.split(separator: "\n").last?.split(separator: " ").compactMap { UInt64($0) } ?? []
        guard result.succeeded, counts.count == Self.flows else { throw Traffic.Ended(errors: result.errors) }
        return Dictionary(uniqueKeysWithValues: zip(Self.firstPort..., counts))
    }

    /// All senders share a source port, so that every flow is counted on every CPU. Ends by itself after minutes.
    private static let program = """
        import signal, socket, sys, time
        stopped = False
        def stop(*_):
            global stopped
            stopped = True
        signal.signal(signal.SIGTERM, stop)
        sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        sender.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        sender.bind(("\(source)", \(sourcePort)))
        counts = [0] * \(flows)
        ways = [(flow, ("\(destination)", \(firstPort) + flow)) for flow in range(\(flows))]
        payload = bytes(\(payload))
        end = time.monotonic() + 240
        print("ready", flush=True)
        while not stopped and time.monotonic() < end:
            for flow, there in ways:
                sender.sendto(payload, there)
                counts[flow] += 1
        print(*counts)
        """
}
