// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowTestKit

/// Programs that send and answer, all on one CPU, so that their packets stay in order.
enum Traffic {
    /// Runs a command inside the namespace on that CPU.
    static func run(_ command: [String], on cpu: Int = 0, in namespace: NetworkNamespace) throws {
        try namespace.run(["taskset", "-c", "\(cpu)"] + command)
    }

    /// Starts a Python program, and waits until it has said that it is ready.
    static func start(
        _ program: String, _ arguments: [String], on cpu: Int = 0, in namespace: NetworkNamespace
    ) throws -> ChildProcess {
        let child = try namespace.start(["taskset", "-c", "\(cpu)", "python3", "-c", program] + arguments)
        try waitUntil("a sender or a server is ready: \(child.errors)") {
            guard child.isRunning || !child.output.isEmpty else { throw Ended(errors: child.errors) }
            return child.output.hasPrefix("ready")
        }
        return child
    }

    struct Ended: Error { let errors: String }

    static func ping(_ address: IPAddress, size: Int = 56, count: Int = 4, from end: NetworkNamespace) throws {
        try run(["ping", "-c", "\(count)", "-i", "0.01", "-s", "\(size)", "\(address)"], in: end)
    }

    /// Sends datagrams of those payload sizes, each of them echoed before the next is sent.
    static func echo(
        _ sizes: [Int], from client: NetworkNamespace, to address: IPAddress, in server: NetworkNamespace
    ) throws {
        let echo = try start(echoServer, ["\(address)", "\(sizes.count)"], in: server)
        try run(["python3", "-c", echoClient, "\(address)"] + sizes.map(String.init), in: client)
        try echo.wait()
    }

    /// Sends that many bytes over TCP. When it returns, both sides have nothing more to say.
    static func transfer(
        _ bytes: Int, from client: NetworkNamespace, to address: IPAddress, in server: NetworkNamespace
    ) throws {
        let receiver = try start(tcpServer, ["\(address)"], in: server)
        try run(["python3", "-c", tcpClient, "\(address)", "\(bytes)"], in: client)
        let result = try receiver.wait()
        guard result.output == "ready\n\(bytes)\n" else { throw Ended(errors: result.output + result.errors) }
        // The client's end waits out its time; the server's is gone when the last acknowledgement has arrived.
        try waitUntil("the connection is closed") {
            try server.run(["ss", "-Htan", "exclude", "time-wait", "exclude", "listening"]).isEmpty
        }
    }

    /// Sends that many bytes in one call, as datagrams of that size that the kernel cuts as late as it can (udp(7)).
    static func sendSegmented(
        _ bytes: Int, by size: Int, from client: NetworkNamespace, to address: IPAddress, in server: NetworkNamespace
    ) throws {
        let sink = try start(datagramSink, ["\(address)", "\((bytes + size - 1) / size)"], in: server)
        try run(["python3", "-c", segmentingClient, "\(address)", "\(bytes)", "\(size)"], in: client)
        try sink.wait()
    }

    /// Where the echo server and the receiver listen.
    static let port: UInt16 = 5201

    private static let preamble = """
        import socket, sys
        def endpoint(kind):
            family = socket.AF_INET6 if ":" in sys.argv[1] else socket.AF_INET
            endpoint = socket.socket(family, kind)
            # What is under way must fit in every queue on its way.
            endpoint.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 131072)
            return endpoint
        there = (sys.argv[1], \(port))

        """

    private static let echoServer =
        preamble + """
            server = endpoint(socket.SOCK_DGRAM)
            server.bind(there)
            print("ready", flush=True)
            for _ in range(int(sys.argv[2])):
                data, who = server.recvfrom(65535)
                server.sendto(data, who)
            """

    private static let echoClient =
        preamble + """
            client = endpoint(socket.SOCK_DGRAM)
            client.settimeout(10)
            client.connect(there)
            for size in sys.argv[2:]:
                client.send(bytes(int(size)))
                assert len(client.recv(65535)) == int(size)
            """

    private static let datagramSink =
        preamble + """
            server = endpoint(socket.SOCK_DGRAM)
            server.bind(there)
            print("ready", flush=True)
            for _ in range(int(sys.argv[2])):
                server.recv(65535)
            """

    private static let segmentingClient =
        preamble + """
            UDP_SEGMENT = 103
            client = endpoint(socket.SOCK_DGRAM)
            client.connect(there)
            client.setsockopt(socket.IPPROTO_UDP, UDP_SEGMENT, int(sys.argv[3]))
            client.send(bytes(int(sys.argv[2])))
            """

    private static let tcpServer =
        preamble + """
            server = endpoint(socket.SOCK_STREAM)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.bind(there)
            server.listen()
            print("ready", flush=True)
            connection, _ = server.accept()
            server.close()
            received = 0
            while data := connection.recv(65536):
                received += len(data)
            print(received, flush=True)
            """

    /// Corked, and with room for all of it: a sender that waits for room pushes out segments that are not full.
    private static let tcpClient =
        preamble + """
            SO_SNDBUFFORCE = 32
            client = endpoint(socket.SOCK_STREAM)
            client.setsockopt(socket.SOL_SOCKET, SO_SNDBUFFORCE, 1 << 25)
            client.connect(there)
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_CORK, 1)
            client.sendall(bytes(int(sys.argv[2])))
            client.shutdown(socket.SHUT_WR)
            assert client.recv(1) == b""
            """
}
