// SPDX-License-Identifier: Apache-2.0

import Host
import Testing

@Suite struct NetworkInterfaceTests {
    @Test func `an interface that has an address of the host is found by its name`() throws {
        let addressed = try NetworkInterface.addressed()
        #expect(addressed.contains("lo"))
        #expect(addressed.isSubset(of: Set(NetworkInterface.all.map(\.name))))
    }
}
