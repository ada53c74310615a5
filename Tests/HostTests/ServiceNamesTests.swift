// SPDX-License-Identifier: Apache-2.0

import Host
import Testing

@Suite struct ServiceNamesTests {
    @Test func `names and aliases have ports, comments and rubbish have none`() {
        let names = ServiceNames(
            """
            # Network services
            ssh\t\t22/tcp\t\t\t\t# SSH Remote Login Protocol
            domain          53/tcp
            domain          53/udp
            http            80/tcp          www             # WorldWideWeb HTTP
            broken          99999/tcp
            alone

            """)
        #expect(["ssh", "domain", "http", "www"].map(names.port(of:)) == [22, 53, 80, 80])
        #expect(["broken", "alone", "#", "SSH"].allSatisfy { names.port(of: $0) == nil })
        #expect(names.name(of: 80, "tcp") == "http" && names.name(of: 53, "udp") == "domain")
        #expect(names.name(of: 80, "udp") == nil && names.name(of: 99, "tcp") == nil)
    }
}
