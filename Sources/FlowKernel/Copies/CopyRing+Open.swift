// SPDX-License-Identifier: Apache-2.0

import BPF
package import Host

extension CopyRing {
    /// Opens a ring that another process has made, by the kernel's number of its map. Takes CAP_SYS_ADMIN.
    package static func open(_ id: UInt32) throws(KernelError) -> CopyRing { try CopyRing(try BPFMap.open(id: id)) }
}
