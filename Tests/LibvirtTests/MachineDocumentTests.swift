// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import weir_libvirt

@Suite struct MachineDocumentTests {
    /// As Nova's documentation of `libvirt.xml` metadata has it, and what libvirt adds for a running machine.
    private static let nova = """
        <domain type='kvm' id='3' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
          <name>instance-00000007</name>
          <uuid>c2e3fc5a-5d0c-4b3e-9f1a-111111111111</uuid>
          <metadata>
            <nova:instance xmlns:nova="http://openstack.org/xmlns/libvirt/nova/1.1">
              <nova:package version="26.1.0"/>
              <nova:name>web 1 &amp; more</nova:name>
              <nova:creationTime>2026-01-01 10:00:00</nova:creationTime>
              <nova:flavor name="m1.small">
                <nova:memory>2048</nova:memory>
                <nova:vcpus>1</nova:vcpus>
              </nova:flavor>
              <nova:owner>
                <nova:user uuid="aaaaaaaaaaaa">anna</nova:user>
                <nova:project uuid="bbbbbbbbbbbb">shop</nova:project>
              </nova:owner>
              <nova:root type="image" uuid="ffffffff-0000-0000-0000-000000000000"/>
              <nova:ports>
                <nova:port uuid="0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9">
                  <nova:ip type="fixed" address="10.0.0.7" ipVersion="4"/>
                  <nova:ip type="fixed" address="fd00::7" ipVersion="6"/>
                </nova:port>
                <nova:port uuid="99999999-4e5f-6071-8293-a4b5c6d7e8f9">
                  <nova:ip type="fixed" address="10.1.0.7" ipVersion="4"/>
                </nova:port>
              </nova:ports>
            </nova:instance>
          </metadata>
          <os><type>hvm</type></os>
          <devices>
            <disk type='file'><source file='/x'/><target dev='vda'/></disk>
            <interface type='bridge'>
              <mac address='fa:16:3e:00:00:07'/>
              <source bridge='br-int'/>
              <virtualport type='openvswitch'>
                <parameters interfaceid='0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9'/>
              </virtualport>
              <target dev='tap0a1b2c3d-4e'/>
            </interface>
            <interface type='bridge'>
              <mac address='fa:16:3e:00:00:08'/>
              <source bridge='brq1'/>
              <target dev='tap99999999-4e'/>
            </interface>
            <interface type='vhostuser'>
              <mac address='fa:16:3e:00:00:09'/>
              <source type='unix' path='/run/vhu' mode='server'/>
            </interface>
          </devices>
        </domain>
        """

    @Test func `Nova's machine has its name, project, ports and addresses`() throws {
        let machine = try #require(MachineDocument(Self.nova))
        #expect(machine.name == "instance-00000007")
        let lines = MachineLine.lines(of: machine)
        #expect(
            lines.map(\.json) == [
                #"{"addresses":["10.0.0.7","fd00::7"],"instance_id":"c2e3fc5a-5d0c-4b3e-9f1a-111111111111","instance_name":"web 1 & more","interface":"tap0a1b2c3d-4e","interface_id":"0a1b2c3d-4e5f-6071-8293-a4b5c6d7e8f9","mac":"fa:16:3e:00:00:07","network":"br-int","project_id":"bbbbbbbbbbbb","project_name":"shop"}"#,
                #"{"addresses":["10.1.0.7"],"instance_id":"c2e3fc5a-5d0c-4b3e-9f1a-111111111111","instance_name":"web 1 & more","interface":"tap99999999-4e","interface_id":"99999999-4e5f-6071-8293-a4b5c6d7e8f9","mac":"fa:16:3e:00:00:08","network":"brq1","project_id":"bbbbbbbbbbbb","project_name":"shop"}"#,
            ])
    }

    @Test func `a machine without metadata has its title, else its name`() throws {
        func names(_ title: String) -> [String?] {
            let xml = """
                <domain type='qemu'><name>plain</name><uuid>1b</uuid>\(title)<devices>
                <interface type='network'><source network='default'/><target dev='vnet3'/></interface></devices></domain>
                """
            return MachineDocument(xml).map(MachineLine.lines)?.map(\.instanceName) ?? []
        }
        #expect(names("") == ["plain"])
        #expect(names("<title>The shop</title>") == ["The shop"])
    }

    @Test(arguments: ["", "<domain>", "<domain/>", "<domain><uuid/></domain>", "rubbish"])
    func `what is no machine is none`(xml: String) {
        #expect(MachineDocument(xml) == nil)
    }
}
