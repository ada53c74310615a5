// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit

/// A program on one CPU that sends datagrams of many flows as fast as it can, from the left guest to an address behind
/// the right one, where nobody answers, until it is told to stop; then it says how many it sent of each flow.
///
/// It gives the kernel a thousand frames in a call (sendmmsg(2)), all flows in their turn, and lets everybody else go
/// first: what it takes is all that is left of the CPU.
final class FloodTraffic {
    static let flows = 16_384
    static let firstPort: UInt16 = 2000
    static let octets: UInt64 = 20 + 8 + 22

    private let child: ChildProcess

    /// At most for that long.
    init(_ site: Site, on cpu: Int, atMost seconds: Int) throws {
        let frame = Frame([
            .ethernet(from: try site.left.macAddress(of: "eth0"), to: try site.right.macAddress(of: "eth0")),
            .ipv4(from: "10.9.0.1", to: "10.9.7.7"), .udp(from: Self.firstPort, to: 53),
            .payload(Int(Self.octets) - 28),
        ]).bytes.map { byte in (byte < 16 ? "0" : "") + String(byte, radix: 16) }.joined()
        child = try ChildProcess([
            "nsenter", "--net=\(site.left.path)", "nice", "-n", "19", "taskset", "--cpu-list", "\(cpu)", "python3",
            "-c",
            Self.program, "eth0", "\(seconds)", "\(Self.flows)", frame,
        ])
        try waitUntil("the sender begins: \(child.errors)") { child.output.hasPrefix("ready") }
    }

    var isRunning: Bool { child.isRunning }

    /// Ends it. The datagrams of each flow, which is told by its source port.
    func stop() throws -> [UInt64] {
        let result = child.stop(15, grace: .seconds(20))
        let counts = result.output.split(separator: "\n").last?.split(separator: " ").compactMap { UInt64($0) } ?? []
        guard result.succeeded, counts.count == Self.flows else { throw Site.Ended(errors: result.errors) }
        return counts
    }

    /// UDP's check sum is left out (RFC 768), so that frames differ in their source port alone, bytes 34 and 35.
    private static let program = """
        import ctypes, errno, signal, socket, sys, time
        class Vector(ctypes.Structure):
            _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
        class Message(ctypes.Structure):
            _fields_ = [("name", ctypes.c_void_p), ("name_length", ctypes.c_uint), ("vectors", ctypes.c_void_p),
                        ("vector_count", ctypes.c_size_t), ("control", ctypes.c_void_p),
                        ("control_length", ctypes.c_size_t), ("flags", ctypes.c_int), ("sent", ctypes.c_uint)]
        stopped = False
        def stop(*_):
            global stopped
            stopped = True
        signal.signal(signal.SIGTERM, stop)
        interface, seconds, flows, frame = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), bytes.fromhex(sys.argv[4])
        sender = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
        sender.bind((interface, 0))
        first, batch, size = int.from_bytes(frame[34:36], "big"), 1024, len(frame)
        frames = bytearray()
        for flow in range(flows):
            frames += frame[:34] + (first + flow).to_bytes(2, "big") + frame[36:40] + bytes(2) + frame[42:]
        memory = ctypes.addressof(ctypes.c_char.from_buffer(frames))
        vectors, messages = (Vector * flows)(), (Message * flows)()
        for flow in range(flows):
            vectors[flow] = Vector(memory + flow * size, size)
            messages[flow] = Message(vectors=ctypes.addressof(vectors) + flow * ctypes.sizeof(Vector), vector_count=1)
        send = ctypes.CDLL(None, use_errno=True).sendmmsg
        start, step = ctypes.addressof(messages), ctypes.sizeof(Message)
        rounds, place, end = 0, 0, time.monotonic() + seconds
        print("ready", flush=True)
        while not stopped and time.monotonic() < end:
            sent = send(sender.fileno(), ctypes.c_void_p(start + place * step), min(batch, flows - place), 0)
            if sent < 0:
                if ctypes.get_errno() in (errno.ENOBUFS, errno.EAGAIN, errno.EINTR): continue
                sys.exit(f"cannot send: {errno.errorcode[ctypes.get_errno()]}")
            place += sent
            if place == flows: rounds, place = rounds + 1, 0
        print(*[rounds + (flow < place) for flow in range(flows)])
        """
}
