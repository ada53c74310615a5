// SPDX-License-Identifier: Apache-2.0

import CLibbpf
package import Host

/// What BPF_PROG_TEST_RUN gives a TC program besides the frame.
package struct TestRunContext: Sendable {
    package var gsoSize: UInt32
    package var gsoSegments: UInt32

    package init(gsoSize: UInt32 = 0, gsoSegments: UInt32 = 0) {
        self.gsoSize = gsoSize
        self.gsoSegments = gsoSegments
    }
}

extension BPFProgram {
    /// Runs the program on a frame, without an interface (bpf(BPF_PROG_TEST_RUN)), and returns what it returned.
    ///
    /// The kernel refuses frames shorter than an Ethernet header. The context is for TC programs only.
    package func run(
        on frame: [UInt8], context: TestRunContext? = nil, repeating count: Int = 1
    ) throws(KernelError) -> Int32 {
        var options = unsafe bpf_test_run_opts()
        unsafe options.sz = unsafe MemoryLayout<bpf_test_run_opts>.size
        unsafe options.`repeat` = CInt(count)
        var buffer = unsafe __sk_buff()
        unsafe buffer.gso_size = context?.gsoSize ?? 0
        unsafe buffer.gso_segs = context?.gsoSegments ?? 0
        let result = unsafe withUnsafeMutablePointer(to: &buffer) { pointer in
            if context != nil {
                unsafe options.ctx_in = UnsafeRawPointer(pointer)
                unsafe options.ctx_size_in = UInt32(MemoryLayout<__sk_buff>.size)
            }
            return unsafe frame.withUnsafeBytes { bytes in
                unsafe options.data_in = bytes.baseAddress
                unsafe options.data_size_in = UInt32(bytes.count)
                return unsafe bpf_prog_test_run_opts(descriptor.raw, &options)
            }
        }
        guard result == 0 else { throw KernelError(errno: result, "cannot run the program \(name)") }
        return Int32(bitPattern: unsafe options.retval)
    }
}
