// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
internal import Foundation

/// A program behind a tap, in place of a virtual machine: writes frames when it is told to, and counts those it reads.
final class TapMachine {
    /// The last frame that it sends, and that it waits for. Of a type that no other frame has.
    static let mark = Frame(.ethernet(type: EtherType.experimental), .payload(46)).bytes

    private let child: ChildProcess
    private let file: URL

    /// - Parameter segment: payload of a TCP segment, or 0 where frames are to go as they are.
    init(tap: String, in namespace: NetworkNamespace, sending frames: [[UInt8]], segment: Int) throws {
        file = FileManager.default.temporaryDirectory.appending(path: "weir-tap-\(UUID().uuidString)")
        let lines = (frames + [Self.mark]).map { frame in
            frame.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
        }
        try Data(lines.joined(separator: "\n").utf8).write(to: file)
        child = try Traffic.start(Self.program, [tap, file.path, "\(segment)"], in: namespace)
    }

    deinit { try? FileManager.default.removeItem(at: file) }

    /// Sends its frames.
    func send() throws {
        child.signal(SIGUSR1)
        try waitUntil("the machine has sent its frames: \(child.errors)") { child.output.contains("sent") }
    }

    /// Waits for its end, which the mark is. How many frames it received.
    func finish() throws -> Int? {
        let result = try child.wait()
        return result.output.split(separator: "\n").last.flatMap { Int($0) }
    }

    /// linux/if_tun.h, linux/virtio_net.h: flags, type of segmentation, length of the headers, length of a segment, start
    /// and offset of the checksum. A frame of segments has its checksum done by the kernel.
    private static let program = """
        import fcntl, os, signal, struct, sys
        TUNSETIFF, IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x400454ca, 2, 0x1000, 0x4000
        tap = os.open("/dev/net/tun", os.O_RDWR)
        fcntl.ioctl(tap, TUNSETIFF, struct.pack("16sH22x", sys.argv[1].encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR))
        frames = [bytes.fromhex(line) for line in open(sys.argv[2])]
        segment = int(sys.argv[3])
        def header(frame):
            if segment == 0 or frame is frames[-1]:
                return bytes(10)
            network = 12
            while frame[network:network + 2] in (b"\\x81\\x00", b"\\x88\\xa8"):
                network += 4
            is_v4 = frame[network:network + 2] == b"\\x08\\x00"
            transport = network + 2 + (20 if is_v4 else 40)
            return struct.pack("=BBHHHH", 1, 1 if is_v4 else 4, transport + 32, segment, transport, 16)
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        print("ready", flush=True)
        signal.sigwait([signal.SIGUSR1])
        for frame in frames:
            os.write(tap, header(frame) + frame)
        print("sent", flush=True)
        received = 0
        last = None
        while last != frames[-1]:
            last = os.read(tap, 70000)[10:]
            received += 1
        print(received)
        """
}
