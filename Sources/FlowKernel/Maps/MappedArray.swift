// SPDX-License-Identifier: Apache-2.0

package import BPF
import CHost
import CLibbpf
import Glibc
package import Host

/// Owns a mapping of a BPF_MAP_TYPE_ARRAY that was made with BPF_F_MMAPABLE: its values, without a system call.
///
/// Programs may write while this is read; a reader must know when they do not, or read fields that cannot tear.
@safe package struct MappedArray<Element: BitwiseCopyable>: ~Copyable {
    private let elements: UnsafeMutablePointer<Element>
    private let length: Int
    /// How many elements there are: those of all values, where a value holds several.
    package let count: Int

    /// Maps the whole array. Writing to a mapping that is not writable traps in the kernel.
    ///
    /// The kernel lays values out by their size, rounded up to 8 bytes; a value must be some whole elements.
    package init(of map: borrowing BPFMap, rights: Descriptor.Rights) throws(KernelError) {
        let stride = (map.valueSize + 7) / 8 * 8
        precondition(stride == map.valueSize && stride % MemoryLayout<Element>.stride == 0)
        let page = Int(sysconf(CInt(_SC_PAGESIZE)))
        length = (stride * map.maxEntries + page - 1) / page * page
        count = stride * map.maxEntries / MemoryLayout<Element>.stride
        let protection = rights == .readWrite ? PROT_READ | PROT_WRITE : PROT_READ
        let address = unsafe mmap(nil, length, protection, MAP_SHARED, map.descriptor.raw, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw KernelError(errno: errno, "cannot map \(map.name) into memory")
        }
        unsafe elements = address.bindMemory(to: Element.self, capacity: count)
    }

    deinit { unsafe munmap(elements, length) }

    package subscript(_ index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count)
            return unsafe elements[index]
        }
        nonmutating set {
            precondition(index >= 0 && index < count)
            unsafe elements[index] = newValue
        }
    }

    /// Asks for an element's cache line, which is not there yet.
    func prefetch(_ index: Int) {
        precondition(index >= 0 && index < count)
        unsafe weir_prefetch(elements + index)
    }

    /// Calls `body` with all elements, to be read.
    package borrowing func withSpan<Result, Failure: Error>(
        _ body: (Span<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(unsafe UnsafeBufferPointer(start: elements, count: count).span)
    }

    /// Calls `body` with all elements, to be written too.
    package borrowing func withMutableSpan<Result, Failure: Error>(
        _ body: (inout MutableSpan<Element>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var span = unsafe UnsafeMutableBufferPointer(start: elements, count: count).mutableSpan
        return try body(&span)
    }
}

/// Programs on all CPUs, and other processes, read and write the memory at any time: threads of this one add nothing new.
extension MappedArray: @unchecked Sendable where Element: Sendable {}
