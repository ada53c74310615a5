// SPDX-License-Identifier: Apache-2.0

package import CLibbpf
import Glibc
package import Host

/// Owns a reference to a bpf_link. What it attaches stays as long as a reference or a pin of it exists.
package struct Link: ~Copyable {
    private let descriptor: Descriptor

    /// Attach types that libbpf 1.1 has no names for (linux/bpf.h of 6.6).
    package enum TCX {
        package static let ingress = bpf_attach_type(46)
        package static let egress = bpf_attach_type(47)
        /// BPF_F_BEFORE: without a program to relate to, before all. Without flags, after all.
        package static let before: UInt32 = 1 << 3
    }

    /// bpf(BPF_LINK_CREATE) on an interface.
    ///
    /// - Parameter flags: XDP_FLAGS_*_MODE for XDP, `TCX.before` or 0 for TCX.
    /// - Returns: errno in place of the link, so that the caller can tell what it means for its hook.
    package static func create(
        _ program: borrowing BPFProgram, on interface: NetworkInterface, type: bpf_attach_type, flags: UInt32 = 0
    ) -> LinkCreation {
        var options = unsafe bpf_link_create_opts()
        unsafe options.sz = unsafe MemoryLayout<bpf_link_create_opts>.size
        unsafe options.flags = flags
        let programFD = program.descriptor.raw
        let raw = ThreadPrivileges.inForce {
            unsafe bpf_link_create(programFD, CInt(interface.index), type, &options)
        }
        return raw < 0 ? .refused(errno: -raw) : .created(Link(descriptor: Descriptor(owning: raw)))
    }

    /// Has a program run where a kernel function begins or ends, which it names itself.
    package static func trace(_ program: borrowing BPFProgram, at place: bpf_attach_type) throws(KernelError) -> Link {
        switch create(program, on: NetworkInterface(name: "", index: 0), type: place) {
        case .created(let link): return link
        case .refused(let errno):
            throw KernelError(errno: errno, "cannot have the kernel call the program \(program.name)")
        }
    }

    package static func open(pinnedAt path: String) throws(KernelError) -> Link {
        let raw = unsafe bpf_obj_get(path)
        guard raw >= 0 else { throw KernelError(errno: raw, "cannot open the pinned link \(path)") }
        return Link(descriptor: Descriptor(owning: raw))
    }

    package func pin(at path: String) throws(KernelError) {
        let result = unsafe bpf_obj_pin(descriptor.raw, path)
        guard result == 0 else { throw KernelError(errno: result, "cannot pin the link at \(path)") }
    }

    /// Detaches now, not when the last reference goes. A link whose device is gone is detached already.
    ///
    /// - Parameter port: for the error.
    package func detach(from port: String) throws(KernelError) {
        let raw = descriptor.raw
        let result = ThreadPrivileges.inForce { bpf_link_detach(raw) }
        guard result == 0 || result == -ENOLINK || result == -ENODEV else {
            throw KernelError(errno: result, "cannot detach a program from \(port)")
        }
    }

    /// Puts another program in the place of its own (BPF_LINK_UPDATE): every frame meets the one or the other.
    ///
    /// Does nothing where the device is gone.
    ///
    /// - Parameter port: for the error.
    package func replaceProgram(by program: borrowing BPFProgram, on port: String) throws(KernelError) {
        let (link, other) = (descriptor.raw, program.descriptor.raw)
        let result = ThreadPrivileges.inForce { bpf_link_update(link, other, nil) }
        guard result == 0 || result == -ENOLINK || result == -ENODEV else {
            throw KernelError(errno: result, "cannot replace the program on \(port)")
        }
    }

    /// The interface it is attached to, of whatever namespace, or nil if that is gone.
    package var interfaceIndex: UInt32? {
        // XDP and TCX links both begin with the index (struct bpf_link_info of 6.6).
        guard let index = information?.xdp.ifindex, index != 0 else { return nil }
        return index
    }

    /// Its own, which no other link has while this one lives; nil where the kernel does not say.
    package var id: UInt32? { information?.id }

    /// The id of the program that it holds, or nil where the kernel does not say.
    package var programID: UInt32? { information?.prog_id }

    /// Whether a link holds that program on the XDP hook of that interface, Weir's or another's. Takes CAP_SYS_ADMIN.
    package static func holdsXDP(_ program: UInt32, interfaceIndex: UInt32) -> Bool {
        var previous: UInt32 = 0
        var id: UInt32 = 0
        while ThreadPrivileges.inForce({ unsafe bpf_link_get_next_id(previous, &id) }) == 0 {
            previous = id
            let raw = ThreadPrivileges.inForce { bpf_link_get_fd_by_id(id) }
            guard raw >= 0 else { continue }
            let information = Link(descriptor: Descriptor(owning: raw)).information
            guard information?.type == UInt32(BPF_LINK_TYPE_XDP.rawValue), information?.prog_id == program else {
                continue
            }
            if information?.xdp.ifindex == interfaceIndex { return true }
        }
        return false
    }

    private var information: bpf_link_info? {
        var information = bpf_link_info()
        var length = UInt32(MemoryLayout<bpf_link_info>.size)
        guard unsafe bpf_obj_get_info_by_fd(descriptor.raw, &information, &length) == 0 else { return nil }
        return information
    }
}

package enum LinkCreation: ~Copyable {
    case created(Link)
    case refused(errno: CInt)
}
