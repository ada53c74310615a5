// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Testing

@Suite struct KernelVersionTests {
    @Test(arguments: [
        ("6.1.0-25-amd64", KernelVersion(6, 1)), ("5.10.0", KernelVersion(5, 10)), ("6.18.44-fc", KernelVersion(6, 18)),
        ("6.6", KernelVersion(6, 6)), ("7.0-rc1", KernelVersion(7, 0)),
    ])
    func aReleaseIsReadByItsFirstTwoNumbers(release: String, version: KernelVersion) {
        #expect(KernelVersion(release: release) == version)
    }

    @Test(arguments: ["", "linux", "6", "6.", ".6", "six.one"])
    func aReleaseThatSaysNoVersionIsNone(release: String) {
        #expect(KernelVersion(release: release) == nil)
    }

    @Test func versionsAreOrderedByNumbersNotByDigits() {
        #expect(KernelVersion(5, 9) < KernelVersion(5, 11) && KernelVersion(5, 18) < KernelVersion(6, 1))
    }

    @Test func aKernelThatIsTooOldForAHookIsSaidToBe() {
        #expect(
            KernelError(tooOld: KernelVersion(5, 15), for: .xdpFromPort)?.description == """
                cannot load the program weir_xdp_from: this kernel is too old: it is 5.15, the XDP hook needs 5.18; \
                use --hook tc, or a newer kernel
                """)
        #expect(KernelError(tooOld: KernelVersion(5, 13), for: .tcToPort) == nil)
        #expect(
            KernelError(tooOld: KernelVersion(5, 12), for: .tcToPort)?.description == """
                cannot load the program weir_tc_to: this kernel is too old: it is 5.12, Weir needs 5.13; \
                use a newer kernel
                """)
    }
}
