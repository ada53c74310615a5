// SPDX-License-Identifier: Apache-2.0

import CLibbpf
import Glibc
package import Host

// Keys of a map whose layout is not known: a system call each.
extension BPFMap {
    /// How many keys the map has at this moment. Of a map at rest only.
    package func keyCount() throws(KernelError) -> Int {
        var count = 0
        try forEachKey { _ in count += 1 }
        return count
    }

    /// Removes all keys that are there at this moment.
    package func removeAllKeys() throws(KernelError) {
        var keys: [UInt8] = []
        try forEachKey { key in keys += key }
        for start in stride(from: 0, to: keys.count, by: keySize) {
            let result = unsafe keys.withUnsafeBytes { bytes in
                unsafe bpf_map_delete_elem(descriptor.raw, bytes.baseAddress! + start)
            }
            guard result == 0 || result == -ENOENT else {
                throw KernelError(errno: result, "cannot delete from the map \(name)")
            }
        }
    }

    private func forEachKey(_ body: ([UInt8]) -> Void) throws(KernelError) {
        var previous = [UInt8](repeating: 0, count: keySize)
        var key = previous
        var result = unsafe bpf_map_get_next_key(descriptor.raw, nil, &key)
        while result == 0 {
            body(key)
            swap(&previous, &key)
            result = unsafe bpf_map_get_next_key(descriptor.raw, &previous, &key)
        }
        guard result == -ENOENT else { throw KernelError(errno: result, "cannot list the map \(name)") }
    }
}
