// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// A request of rtnetlink(7) about one interface of this thread's network namespace, that the kernel answers by done or an error.
struct LinkRequest {
    private var bytes: [UInt8] = []

    /// - Parameters:
    ///   - type: RTM_NEWLINK, RTM_DELLINK.
    ///   - flags: NLM_F_* beside REQUEST and ACK.
    ///   - index: of the interface; 0: the attributes name it, or it is new.
    ///   - up: whether it is to be up.
    init(_ type: Int, flags: UInt16 = 0, index: UInt32 = 0, up: Bool = false) {
        var header = nlmsghdr()
        header.nlmsg_type = UInt16(type)
        header.nlmsg_flags = UInt16(NLM_F_REQUEST) | UInt16(NLM_F_ACK) | flags
        var interface = ifinfomsg()
        interface.ifi_index = CInt(bitPattern: index)
        interface.ifi_flags = up ? UInt32(IFF_UP) : 0
        interface.ifi_change = up ? UInt32(IFF_UP) : 0
        append(header)
        append(interface)
    }

    private mutating func append<Value: BitwiseCopyable>(_ value: Value) {
        unsafe withUnsafeBytes(of: value) { unsafe bytes.append(contentsOf: $0) }
    }

    mutating func add(_ type: Int, _ value: [UInt8]) {
        append(UInt16(4 + value.count))
        append(UInt16(type))
        bytes += value
        bytes += [UInt8](repeating: 0, count: (4 - value.count % 4) % 4)
    }

    mutating func add(_ type: Int, text: String) { add(type, Array(text.utf8) + [0]) }

    /// Attributes in an attribute.
    mutating func nest(_ type: Int, _ body: (inout LinkRequest) -> Void) {
        let start = bytes.count
        append(UInt16(0))
        append(UInt16(type))
        body(&self)
        let length = UInt16(bytes.count - start)
        bytes[start] = UInt8(truncatingIfNeeded: length)
        bytes[start + 1] = UInt8(truncatingIfNeeded: length >> 8)
    }

    /// Sends it and waits for the answer: the kernel's error, negative, or 0.
    ///
    /// Takes CAP_NET_ADMIN.
    func answer() throws(KernelError) -> CInt {
        var message = bytes
        let length = UInt32(message.count)
        for place in 0..<4 { message[place] = UInt8(truncatingIfNeeded: length >> UInt32(8 * place)) }
        // The kernel looks for the capability twice: when the socket is opened, and when the request is sent (netlink_ns_capable
        // in net/netlink/af_netlink.c).
        let raw = ThreadPrivileges.inForce {
            socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | CInt(SOCK_CLOEXEC.rawValue), NETLINK_ROUTE)
        }
        guard raw >= 0 else { throw KernelError(errno: errno, "cannot ask the kernel about interfaces") }
        let descriptor = Descriptor(owning: raw)
        let sent = ThreadPrivileges.inForce { unsafe send(descriptor.raw, message, message.count, 0) }
        guard sent == message.count else { throw KernelError(errno: errno, "cannot ask the kernel about interfaces") }
        var reply = [UInt8](repeating: 0, count: 4096)
        let got = unsafe recv(descriptor.raw, &reply, reply.count, 0)
        guard got >= 20 else { throw KernelError(errno: errno, "cannot hear from the kernel about interfaces") }
        // nlmsghdr, then the error of nlmsgerr.
        return CInt(bitPattern: NetlinkBytes(reply[...]).word32(at: 16) ?? 0)
    }
}
