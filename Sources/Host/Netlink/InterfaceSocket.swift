// SPDX-License-Identifier: Apache-2.0

import CHost
import Glibc

/// Owns an rtnetlink(7) socket of this thread's network namespace that hears of every interface that comes, changes or
/// goes (RTNLGRP_LINK).
struct InterfaceSocket: ~Copyable {
    private let descriptor: Descriptor
    /// Readable (poll(2)) while there is something to receive.
    package var raw: CInt { descriptor.raw }

    /// More than a datagram of the kernel's ever has: NLMSG_GOODSIZE is 8 KiB, a part of a list 32.
    private static let longestDatagram = 1 << 16

    /// Opens it. From now on nothing is missed that `receive` does not tell of.
    ///
    /// - Parameter room: for what is not received yet, in bytes; the kernel takes some KiB a message. What
    ///   net.core.rmem_max allows has to do where CAP_NET_ADMIN is missing.
    package static func open(room: Int) throws(KernelError) -> InterfaceSocket {
        let raw = socket(AF_NETLINK, CInt(SOCK_RAW.rawValue) | flags, NETLINK_ROUTE)
        guard raw >= 0 else { throw error(errno) }
        let socket = InterfaceSocket(descriptor: Descriptor(owning: raw))
        socket.setRoom(room)
        try socket.join()
        return socket
    }

    private borrowing func join() throws(KernelError) {
        var address = sockaddr_nl()
        address.nl_family = sa_family_t(AF_NETLINK)
        address.nl_groups = UInt32(RTMGRP_LINK)
        let result = unsafe withUnsafePointer(to: &address) { address in
            unsafe address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                unsafe bind(descriptor.raw, address, socklen_t(MemoryLayout<sockaddr_nl>.size))
            }
        }
        guard result == 0 else { throw Self.error(errno) }
    }

    private static var flags: CInt { CInt(SOCK_CLOEXEC.rawValue) | CInt(SOCK_NONBLOCK.rawValue) }

    private static func error(_ errno: CInt) -> KernelError {
        KernelError(errno: errno, "cannot follow the interfaces of this network namespace")
    }

    private borrowing func setRoom(_ room: Int) {
        var room = CInt(clamping: room)
        let size = socklen_t(MemoryLayout<CInt>.size)
        guard unsafe setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVBUFFORCE, &room, size) != 0 else { return }
        unsafe setsockopt(descriptor.raw, SOL_SOCKET, SO_RCVBUF, &room, size)
    }

    /// Asks for all interfaces: RTM_GETLINK, without their statistics.
    private struct ListRequest {
        package var header = nlmsghdr()
        package var interface = ifinfomsg()
        package var attribute = nlattr()
        package var mask: UInt32 = 1 << 3  // RTEXT_FILTER_SKIP_STATS

        package init() {
            header.nlmsg_len = UInt32(MemoryLayout<ListRequest>.size)
            header.nlmsg_type = UInt16(RTM_GETLINK)
            header.nlmsg_flags = UInt16(NLM_F_REQUEST | 0x300)  // NLM_F_DUMP
            attribute.nla_len = UInt16(MemoryLayout<nlattr>.size + MemoryLayout<UInt32>.size)
            attribute.nla_type = UInt16(IFLA_EXT_MASK)
        }
    }

    borrowing func requestList() throws(KernelError) {
        var request = ListRequest()
        guard unsafe send(descriptor.raw, &request, MemoryLayout<ListRequest>.size, 0) >= 0 else {
            throw Self.error(errno)
        }
    }

    /// What a call of `receive` brings.
    package enum Reception {
        case datagram([UInt8])
        /// There is nothing more now.
        case nothing
        /// The kernel had no room for something.
        case lost
    }

    /// Takes the next datagram. Does not block.
    package borrowing func receive() throws(KernelError) -> Reception {
        var code: CInt = 0
        let bytes = unsafe [UInt8](unsafeUninitializedCapacity: Self.longestDatagram) { buffer, length in
            let got = unsafe recv(descriptor.raw, buffer.baseAddress, buffer.count, CInt(MSG_TRUNC))
            code = got < 0 ? errno : 0
            length = max(0, min(got, buffer.count))
            if got > buffer.count { code = ENOBUFS }
        }
        switch code {
        case 0: return .datagram(bytes)
        case EAGAIN, EINTR: return .nothing
        case ENOBUFS: return .lost
        default: throw Self.error(code)
        }
    }
}
