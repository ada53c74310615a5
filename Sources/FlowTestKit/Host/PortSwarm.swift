// SPDX-License-Identifier: Apache-2.0

internal import Foundation

/// Many taps that come, are renamed, move to another network namespace and go, in an order that a seed decides, while
/// frames are sent through them: each with a source address of its tap's own, and only while programs are on the tap.
///
/// A tap that comes back from the other namespace is another port, and has another address.
package final class PortSwarm {
    /// What was sent from each source address.
    package typealias Sent = [String: Count]

    package struct Count: Equatable, Sendable {
        package var packets: UInt64
        package var octets: UInt64

        package init(packets: UInt64, octets: UInt64) {
            self.packets = packets
            self.octets = octets
        }
    }

    /// What it does, and how often.
    package struct Plan: Sendable {
        package var taps: Int
        package var seed: UInt64

        package init(taps: Int, seed: UInt64) {
            self.taps = taps
            self.seed = seed
        }
    }

    private let child: ChildProcess

    /// Starts it in the namespace of the ports; taps move to `far` and back.
    package init(_ plan: Plan, in namespace: NetworkNamespace, far: NetworkNamespace) throws {
        child = try namespace.start([
            "python3", "-c", Self.program, "\(plan.taps)", "\(plan.seed)", namespace.name, far.name,
        ])
    }

    /// Waits until all taps that are left are attached and have sent.
    package func waitUntilAllAreAttached(within limit: Duration) throws { try wait(for: "all", within: limit) }

    private func wait(for word: String, within limit: Duration) throws {
        try waitUntil("the swarm says \(word): \(child.errors)", within: limit) {
            guard child.isRunning || child.output.contains(word) else { throw Ended(errors: child.errors) }
            return child.output.contains(word)
        }
    }

    /// Lets it delete what is left, and waits for its end.
    package func finish(within limit: Duration) throws -> Sent {
        child.signal(SIGUSR1)
        let result = try child.wait(within: limit)
        guard result.succeeded, let line = result.output.split(separator: "\n").last,
            let sent = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: [UInt64]]
        else { throw Ended(errors: result.errors) }
        return sent.mapValues { Count(packets: $0[0], octets: $0[1]) }
    }

    package struct Ended: Error { package let errors: String }

    /// linux/if_tun.h, linux/sockios.h, linux/bpf.h (BPF_PROG_QUERY of BPF_TCX_INGRESS).
    private static let program = """
        import ctypes, fcntl, json, os, platform, random, resource, signal, socket, struct, subprocess, sys, time

        total, seed, here, far = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], sys.argv[4]
        rng = random.Random(seed)
        resource.setrlimit(resource.RLIMIT_NOFILE, (8192, 8192))
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        libc = ctypes.CDLL(None, use_errno=True)
        BPF = {"x86_64": 321, "aarch64": 280}[platform.machine()]
        BPF_PROG_QUERY, BPF_TCX_INGRESS = 16, 46
        control = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        spaces = {name: os.open("/run/netns/" + name, os.O_RDONLY) for name in (here, far)}
        sent = {}
        numbers = iter(range(1, 1 << 24))

        def programs(index):
            attr = ctypes.create_string_buffer(struct.pack("=IIIIQI100x", index, BPF_TCX_INGRESS, 0, 0, 0, 0))
            if libc.syscall(BPF, BPF_PROG_QUERY, attr, 64) != 0:
                return 0
            return struct.unpack_from("=I", attr, 24)[0]

        def inside(name, body):
            libc.setns(spaces[name], 0)
            try:
                return body()
            finally:
                libc.setns(spaces[here], 0)

        def until(what, body, limit=60):
            end = time.monotonic() + limit
            while not body():
                if time.monotonic() > end:
                    raise SystemExit("not in time: " + what)
                time.sleep(0.002)

        def set_flags(name, up):
            fcntl.ioctl(control, 0x8914, struct.pack("16sh22x", name.encode(), 1 if up else 0))

        class Tap:
            def __init__(self, name):
                self.name = name
                self.fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
                fcntl.ioctl(self.fd, 0x400454ca, struct.pack("16sH22x", name.encode(), 0x1002))
                self.come()

            def come(self):
                self.index = socket.if_nametoindex(self.name)
                number = next(numbers)
                self.address = "10.%d.%d.%d" % (number >> 16, number >> 8 & 255, number & 255)
                self.attached = False
                set_flags(self.name, True)

            def is_attached(self):
                self.attached = self.attached or programs(self.index) > 0
                return self.attached

            def send(self):
                payload = rng.randrange(64)
                ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 28 + payload, 0, 0, 64, 17, 0,
                                 socket.inet_aton(self.address), socket.inet_aton("198.51.100.1"))
                udp = struct.pack("!HHHH", 4000, 5000, 8 + payload, 0)
                frame = bytes.fromhex("020000000001" "020000000002" "0800") + ip + udp + bytes(payload)
                for _ in range(rng.randrange(1, 4)):
                    os.write(self.fd, frame)
                    count = sent.setdefault(self.address, [0, 0])
                    count[0] += 1
                    count[1] += 28 + payload

            def rename(self, name):
                set_flags(self.name, False)
                fcntl.ioctl(control, 0x8923, struct.pack("16s16s8x", self.name.encode(), name.encode()))
                self.name = name
                set_flags(self.name, True)

            def leave(self):
                subprocess.run(["ip", "link", "set", self.name, "netns", far], check=True)
                index = inside(far, lambda: socket.if_nametoindex(self.name))
                until(self.name + " is detached in another namespace",
                      lambda: inside(far, lambda: programs(index)) == 0)

            def come_back(self):
                subprocess.run(["ip", "-n", far, "link", "set", self.name, "netns", here], check=True)
                self.come()

            def close(self):
                os.close(self.fd)

        taps, away, free, created, renamings = [], [], [], 0, 0

        def take(list):
            place = rng.randrange(len(list))
            list[place], list[-1] = list[-1], list[place]
            return list.pop()

        def send_all():
            for tap in taps:
                if tap.is_attached():
                    tap.send()

        while created < total:
            for _ in range(25):
                # Names come back; so do, one time or another, their interfaces' indices.
                if free and rng.random() < 0.5:
                    name = take(free)
                else:
                    name = "tap%d" % created
                taps.append(Tap(name))
                created += 1
            send_all()
            for _ in range(8):
                tap = rng.choice(taps)
                renamings += 1
                # Mostly to a name that matches, now and then to one that does not: a port stays a port.
                if tap.is_attached() and rng.random() < 0.3:
                    tap.rename("out%d" % renamings)
                else:
                    tap.rename("tapr%d" % renamings)
            for _ in range(5):
                tap = take(taps)
                if tap.is_attached():
                    tap.send()
                tap.close()
                if tap.name.startswith("tap") and tap.name not in free:
                    free.append(tap.name)
            attached = [tap for tap in taps if tap.is_attached()]
            if attached:
                tap = rng.choice(attached)
                tap.send()
                taps.remove(tap)
                tap.leave()
                away.append(tap)
            if len(away) > 3:
                tap = take(away)
                if tap.name.startswith("tap"):
                    tap.come_back()
                    taps.append(tap)
                else:
                    tap.close()
        until("all taps are attached", lambda: all([tap.is_attached() for tap in taps]), 180)
        send_all()
        print("all", flush=True)
        signal.sigwait([signal.SIGUSR1])
        for tap in away:
            tap.close()
        while taps:
            tap = take(taps)
            tap.send()
            tap.close()
        print(json.dumps(sent))
        """
}
