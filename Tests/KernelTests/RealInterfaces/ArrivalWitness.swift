// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

/// Sockets of a machine that count what reaches them: a process of its own in the machine's namespace.
final class ArrivalWitness {
    struct Arrivals: Equatable {
        /// Datagrams at the denied port, those that found its buffer full among them.
        var denied: Int
        /// Those with the plain text at the allowed port.
        var plain: Int
        /// TCP segments, echo requests, and datagrams to ports that nothing listens on: what the machine's stack has counted.
        var other: Int
    }

    /// What a datagram carries that is nothing but allowed.
    static let plainText = Array("a plain datagram".utf8)

    private let process: ChildProcess

    init(in namespace: NetworkNamespace, allowed: UInt16, denied: UInt16) throws {
        process = try namespace.start(["python3", "-c", Self.program, "\(allowed)", "\(denied)"])
        try waitUntil("the sockets are open: \(process.errors)") { process.output.contains("ready") }
    }

    func stop() throws -> Arrivals {
        process.stop(SIGTERM)
        let line = process.output.split(separator: "\n").last.map(String.init) ?? ""
        let numbers = line.split(separator: " ").compactMap { Int($0) }
        try #require(numbers.count == 3, "\(process.output) \(process.errors)")
        return Arrivals(denied: numbers[0], plain: numbers[1], other: numbers[2])
    }

    private static let program = """
        import select, signal, socket, sys
        allowed, denied = int(sys.argv[1]), int(sys.argv[2])
        stopped = False
        def stop(*_):
            global stopped
            stopped = True
        signal.signal(signal.SIGTERM, stop)
        sockets = {}
        for family, address in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            for port in (allowed, denied):
                receiver = socket.socket(family, socket.SOCK_DGRAM)
                if family == socket.AF_INET6: receiver.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
                receiver.setsockopt(socket.SOL_SOCKET, 33, 1 << 25)  # SO_RCVBUFFORCE
                receiver.bind((address, port))
                receiver.setblocking(False)
                sockets[receiver] = port
        print("ready", flush=True)
        counts = {allowed: 0, denied: 0}
        while True:
            ready = select.select(list(sockets), [], [], 0.2)[0]
            for receiver in ready:
                for _ in range(1000):
                    try: data = receiver.recv(65536)
                    except BlockingIOError: break
                    if sockets[receiver] == denied or data == b"a plain datagram": counts[sockets[receiver]] += 1
            if stopped and not ready: break
        drops = 0
        for name in ("udp", "udp6"):
            for line in open("/proc/net/" + name).readlines()[1:]:
                words = line.split()
                if int(words[1].split(":")[1], 16) == denied: drops += int(words[-1])
        known = {}
        lines = open("/proc/net/snmp").readlines()
        for names, values in zip(lines[::2], lines[1::2]):
            for name, value in zip(names.split()[1:], values.split()[1:]): known[names.split(":")[0] + name] = int(value)
        for line in open("/proc/net/snmp6"): known[line.split()[0]] = int(line.split()[1])
        other = known["TcpInSegs"] + known["IcmpInEchos"] + known["Icmp6InEchos"] + known["UdpNoPorts"] + known["Udp6NoPorts"]
        print(counts[denied] + drops, counts[allowed], other, flush=True)
        """
}
