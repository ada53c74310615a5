// SPDX-License-Identifier: Apache-2.0

import BPF
import CWeirABI
import Host

/// What does the same as libxdp's own program for AF_XDP, and is taken for it.
package enum StockProgram {
    /// The compiled object, in ELF, as libbpf and libxdp load it.
    package static var object: [UInt8] { EmbeddedObjects.xskStock }

    /// Loads it, to deliver to those sockets.
    static func load(sockets: borrowing BPFMap) throws(KernelError) -> BPFProgram {
        let object = try BPFObject(
            EmbeddedObjects.xskStock, named: WEIR_PROGRAM_XSK_STOCK, objectName: WEIR_OBJECT_XSK_STOCK)
        try object.reuse(sockets, as: SocketMap.name)
        try object.load()
        return try object.takeProgram(named: WEIR_PROGRAM_XSK_STOCK)
    }
}
