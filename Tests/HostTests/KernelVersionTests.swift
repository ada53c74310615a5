// SPDX-License-Identifier: Apache-2.0

import Host
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
}
