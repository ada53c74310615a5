// SPDX-License-Identifier: Apache-2.0

import CWeirABI

/// What does the same as libxdp's own program for AF_XDP, and is taken for it.
enum StockProgram {
    /// Loads it, to deliver to those sockets.
    static func load(sockets: borrowing BPFMap) throws(KernelError) -> BPFProgram {
        let object = try BPFObject(
            EmbeddedObjects.xskStock, named: WEIR_PROGRAM_XSK_STOCK, objectName: WEIR_OBJECT_XSK_STOCK)
        try object.reuse(sockets, as: SocketMap.name)
        try object.load()
        return try object.takeProgram(named: WEIR_PROGRAM_XSK_STOCK)
    }
}
