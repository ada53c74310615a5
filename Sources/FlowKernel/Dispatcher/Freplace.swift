// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import CWeirABI

/// Programs that take the place of a function in another: what libxdp's dispatcher is made of.
enum Freplace {
    /// Whether the kernel allows it for a port's entry: some are built without trampolines, and since 6.13 (in 6.12 with its
    /// fixes, too) a program that calls another is taken for one that changes packets, and may not replace one that does
    /// not, as in libxdp's dispatcher. Loads two programs, which are gone afterwards.
    static var isAllowed: Bool {
        do throws(KernelError) {
            // Changes no packets, either.
            let outer = try BPFObject(EmbeddedObjects.xskStock, named: WEIR_PROGRAM_XSK_STOCK)
            try outer.load()
            let replaced = try outer.program(named: WEIR_PROGRAM_XSK_STOCK)
            let inner = try BPFObject(EmbeddedObjects.xdpEntry, named: WEIR_PROGRAM_XDP_ENTRY)
            try inner.prepare(WEIR_PROGRAM_XDP_ENTRY, toReplace: WEIR_PROGRAM_XSK_STOCK, of: replaced)
            try inner.load()
            return attach(try inner.program(named: WEIR_PROGRAM_XDP_ENTRY))
        } catch {
            return false
        }
    }

    /// To what it was loaded for, for a moment.
    private static func attach(_ program: borrowing BPFProgram) -> Bool {
        let raw = program.descriptor.raw
        let link = ThreadPrivileges.inForce { bpf_raw_tracepoint_open(nil, raw) }
        guard link >= 0 else { return false }
        _ = Descriptor(owning: link)
        return true
    }
}
