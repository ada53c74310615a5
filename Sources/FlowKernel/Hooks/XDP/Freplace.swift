// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import Host

/// Programs that take the place of a function in another: what libxdp's dispatcher is made of.
enum Freplace {
    /// Whether the kernel allows it: some are built without trampolines. Loads two programs, which are gone afterwards.
    static var isAllowed: Bool {
        do throws(KernelError) {
            // Like an entry and what it replaces, both change no packets.
            let outer = try stock()
            let inner = try stock()
            try outer.load()
            let replaced = try outer.program(named: WEIR_PROGRAM_XSK_STOCK)
            try inner.prepare(WEIR_PROGRAM_XSK_STOCK, toReplace: WEIR_PROGRAM_XSK_STOCK, of: replaced)
            try inner.load()
            return attach(try inner.program(named: WEIR_PROGRAM_XSK_STOCK))
        } catch {
            return false
        }
    }

    private static func stock() throws(KernelError) -> BPFObject {
        try BPFObject(EmbeddedObjects.xskStock, named: WEIR_PROGRAM_XSK_STOCK)
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
