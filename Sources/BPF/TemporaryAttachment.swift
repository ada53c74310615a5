// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import Glibc
package import Host

/// A program on an interface for as long as this is owned: not pinned, not registered.
package struct TemporaryAttachment: ~Copyable {
    private let link: Link
    private let interface: NetworkInterface

    /// Attaches by a link: TCX ingress (kernel 6.6 and later), or native XDP.
    ///
    /// The interface is one of this thread's network namespace.
    package init(_ program: borrowing BPFProgram, to interface: NetworkInterface) throws(KernelError) {
        self.interface = interface
        let type = program.type == .tc ? Link.TCX.ingress : BPF_XDP
        switch Link.create(program, on: interface, type: type) {
        case .created(let link): self.link = link
        case .refused(let errno):
            throw KernelError(errno: errno, "cannot attach \(program.name) to \(interface.name)")
        }
    }

    /// Detaches; the interface may be gone.
    package consuming func end() throws(KernelError) { try link.detach(from: interface.name) }
}
