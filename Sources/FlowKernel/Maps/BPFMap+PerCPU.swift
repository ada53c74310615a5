// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import Glibc
package import Host

// Here and not beside `BPFMap`: generic code is specialised only within its module, and these loops are measured.
extension BPFMap {
    /// Sets the key's value on every CPU.
    package func setPerCPU<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        _ value: Value, of key: Key
    ) throws(KernelError) {
        precondition(MemoryLayout<Key>.size == keySize && MemoryLayout<Value>.stride == valueSize && isPerCPU)
        var key = key
        var values = [Value](repeating: value, count: Self.cpuCount)
        let result = unsafe bpf_map_update_elem(descriptor.raw, &key, &values, UInt64(BPF_ANY))
        guard result == 0 else { throw KernelError(errno: result, "cannot write the map \(name)") }
    }

    /// The key's values on all CPUs.
    package func perCPUValues<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        of key: Key, initial: Value
    ) throws(KernelError) -> [Value] {
        precondition(MemoryLayout<Key>.size == keySize && MemoryLayout<Value>.stride == valueSize && isPerCPU)
        var key = key
        var values = [Value](repeating: initial, count: Self.cpuCount)
        let result = unsafe bpf_map_lookup_elem(descriptor.raw, &key, &values)
        guard result == 0 else { throw KernelError(errno: result, "cannot read the map \(name)") }
        return values
    }

    /// Calls `body` with every key and its values on all CPUs, in no particular order.
    ///
    /// bpf(BPF_MAP_LOOKUP_BATCH): a few system calls for the whole map. Of a map at rest every key comes once; of one
    /// that is being written, keys may be missed or come twice.
    package func forEach<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        initialKey: Key, initialValue: Value, _ body: (Key, ArraySlice<Value>) -> Void
    ) throws(KernelError) {
        precondition(MemoryLayout<Key>.size == keySize && MemoryLayout<Value>.stride == valueSize && isPerCPU)
        try forEach(initialKey: initialKey, initialValue: initialValue, valuesAKey: Self.cpuCount, body)
    }

    /// Calls `body` with every key of a hash and its value, as `forEach` does.
    func forEachEntry<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        initialKey: Key, initialValue: Value, _ body: (Key, Value) -> Void
    ) throws(KernelError) {
        precondition(MemoryLayout<Key>.size == keySize && MemoryLayout<Value>.stride == valueSize && !isPerCPU)
        try forEach(initialKey: initialKey, initialValue: initialValue, valuesAKey: 1) { key, values in
            body(key, values[values.startIndex])
        }
    }

    private func forEach<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        initialKey: Key, initialValue: Value, valuesAKey: Int, _ body: (Key, ArraySlice<Value>) -> Void
    ) throws(KernelError) {
        var batch = Batch(
            keys: [Key](repeating: initialKey, count: firstBatch),
            values: [Value](repeating: initialValue, count: firstBatch * valuesAKey))
        var isLast = false
        while !isLast {
            let (count, last) = try lookUp(&batch)
            for index in 0..<count {
                body(batch.keys[index], batch.values[index * valuesAKey..<(index + 1) * valuesAKey])
            }
            isLast = last
        }
    }

    /// Removes all keys that are there at this moment.
    package func removeAll<Key: BitwiseCopyable, Value: BitwiseCopyable>(
        initialKey: Key, initialValue: Value
    ) throws(KernelError) {
        var keys: [Key] = []
        try forEach(initialKey: initialKey, initialValue: initialValue) { key, _ in keys.append(key) }
        guard !keys.isEmpty else { return }
        var count = UInt32(keys.count)
        let result = unsafe bpf_map_delete_batch(descriptor.raw, &keys, &count, nil)
        guard result == 0 else { throw KernelError(errno: result, "cannot empty the map \(name)") }
    }

    /// A batch must hold the longest hash chain; where it does not, the kernel says ENOSPC.
    ///
    /// No more than a part of a small map, such as that of the ports, which is nearly empty most of the time: to make room for
    /// what is not there costs more than the call.
    private var firstBatch: Int { min(4096, max(64, maxEntries / 16)) }

    /// Where the walk through the map stands; `token` is the kernel's.
    private struct Batch<Key: BitwiseCopyable, Value: BitwiseCopyable> {
        var keys: [Key]
        var values: [Value]
        var token: UInt64 = 0
        var isFirst = true

        mutating func grow() {
            keys += keys
            values += values
        }
    }

    private func lookUp<Key, Value>(
        _ batch: inout Batch<Key, Value>
    ) throws(KernelError) -> (count: Int, isLast: Bool) {
        while true {
            var count = UInt32(batch.keys.count)
            var next: UInt64 = 0
            let result = lookUpOnce(&batch, &next, &count)
            switch result {
            case 0, -ENOENT:
                batch.token = next
                batch.isFirst = false
                return (Int(count), result == -ENOENT)
            case -ENOSPC: batch.grow()
            default: throw KernelError(errno: result, "cannot read the map \(name)")
            }
        }
    }

    private func lookUpOnce<Key, Value>(
        _ batch: inout Batch<Key, Value>, _ next: inout UInt64, _ count: inout UInt32
    ) -> CInt {
        if batch.isFirst {
            return unsafe bpf_map_lookup_batch(
                descriptor.raw, nil, &next, &batch.keys, &batch.values, &count, nil)
        }
        var token = batch.token
        return unsafe bpf_map_lookup_batch(
            descriptor.raw, &token, &next, &batch.keys, &batch.values, &count, nil)
    }
}
