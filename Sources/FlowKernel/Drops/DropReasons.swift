// SPDX-License-Identifier: Apache-2.0

import CLibbpf
package import FlowModel

/// Why this kernel drops packets, in its own words (`enum skb_drop_reason`): their numbers change from version to version.
package struct DropReasons: Sendable {
    private let reasons: [UInt32: RejectReason]

    private static let prefix = "SKB_DROP_REASON_"

    /// Reads them out of the kernel's BTF; empty where it has none.
    package init() { reasons = Self.read() }

    private static func read() -> [UInt32: RejectReason] {
        guard let btf = unsafe btf__load_vmlinux_btf() else { return [:] }
        defer { unsafe btf__free(btf) }
        let id = unsafe btf__find_by_name_kind(btf, "skb_drop_reason", UInt32(BTF_KIND_ENUM))
        guard id > 0, let type = unsafe btf__type_by_id(btf, UInt32(id)) else { return [:] }
        var reasons: [UInt32: RejectReason] = [:]
        // The values follow the type; their number is in the lower half of its information (linux/btf.h).
        let header = unsafe UnsafeRawPointer(type).loadUnaligned(as: btf_type.self)
        let count = Int(header.info & 0xffff)
        // libbpf does not promise that they are aligned.
        let values = unsafe UnsafeRawPointer(type + 1)
        for index in 0..<count {
            let place = index * MemoryLayout<btf_enum>.stride
            let value = unsafe values.loadUnaligned(fromByteOffset: place, as: btf_enum.self)
            guard let name = unsafe btf__name_by_offset(btf, value.name_off) else { continue }
            let text = unsafe String(cString: name)
            reasons[UInt32(bitPattern: value.val)] = RejectReason(
                text.hasPrefix(prefix) ? String(text.dropFirst(prefix.count)) : text)
        }
        return reasons
    }

    /// The reason with that number. What modules drop for reasons of their own has a number in its upper half for them.
    package subscript(number: UInt32) -> RejectReason {
        if let reason = reasons[number] { return reason }
        return number >> 16 == 0
            ? RejectReason("REASON_\(number)") : RejectReason("SUBSYSTEM_\(number >> 16)_REASON_\(number & 0xffff)")
    }
}
