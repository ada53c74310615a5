// SPDX-License-Identifier: Apache-2.0

import FlowModel
import FlowVerdict
import Testing

/// Answers of `ofproto/trace`.
@Suite struct PipelineTraceTests {
    private func trace(_ text: String) -> PipelineTrace {
        PipelineTrace(text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    }

    /// From the tutorial of Open vSwitch, "Open vSwitch Advanced Features".
    @Test func `the documentation's packets of VLANs go as it says`() {
        let admitted = trace(
            """
            Flow: in_port=1,vlan_tci=0x0000,dl_src=00:00:00:00:00:00,dl_dst=01:80:c2:00:00:05,dl_type=0x0000

            bridge("br0")
            -------------
             0. dl_dst=01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0, priority 32768
                drop

            Final flow: unchanged
            Megaflow: recirc_id=0,in_port=1,dl_src=00:00:00:00:00:00/01:00:00:00:00:00,dl_dst=01:80:c2:00:00:00/ff:ff:ff:ff:ff:f0,dl_type=0x0000
            Datapath actions: drop
            """)
        #expect(admitted.action == .reject)
        #expect(admitted.rule == RuleName("bridge=br0,table=0,priority=32768,cookie=0x0"))
        let missed = trace(
            """
            Flow: in_port=1,dl_vlan=20,dl_vlan_pcp=0,vlan_tci1=0x0000,dl_src=00:00:00:00:00:00,dl_dst=00:00:00:00:00:00,dl_type=0x0000

            bridge("br0")
            -------------
             0. priority 0
                resubmit(,1)
             1. in_port=1, priority 99
                resubmit(,2)
             2. No match.
                drop

            Final flow: unchanged
            Datapath actions: drop
            """)
        #expect(missed.action == .reject && missed.rule == RuleName("bridge=br0,table=2,miss"))
    }

    /// From a gist by T. Rozet: a cluster's bridge.
    @Test func `what conntrack must say first is said to be asked of it`() {
        let asked = trace(
            """
            bridge("br0")
            -------------
             0. ct_state=-trk,ip, priority 1000
                ct(table=0)
                drop
                 -> A clone of the packet is forked to recirculate. The forked pipeline will be resumed at table 0.

            Final flow: unchanged
            Megaflow: recirc_id=0,ct_state=-trk,eth,ip,in_port=2,nw_frag=no
            Datapath actions: ct,recirc(0x2f97)

            ===============================================================================
            recirc(0x2f97) - resume conntrack with default ct_state=trk|new (use --ct-next to customize)
            ===============================================================================

            bridge("br0")
            -------------
                thaw
                    Resuming from table 0
             0. in_port=2, priority 100, cookie 0x5
                output:3

            Final flow: unchanged
            Datapath actions: 4
            """)
        #expect(asked.asksConntrack && asked.action == .accept)
        #expect(asked.rule == RuleName("bridge=br0,table=0,priority=100,cookie=0x5"))
    }

    @Test func `of rules that call others, the one that sends the packet out is named`() {
        let nested = trace(
            """
            bridge("br0")
            -------------
             0. priority 7, cookie 0x1
                resubmit(,4)
                 4. udp, priority 3, cookie 0x44
                        load:1->NXM_NX_REG0[]
                output:2
                resubmit(,9)
             9. priority 1, cookie 0x91
                drop

            Datapath actions: 3
            """)
        #expect(nested.rule == RuleName("bridge=br0,table=0,priority=7,cookie=0x1"))
        let patched = trace(
            """
            bridge("br-int")
            ----------------
             0. priority 7, cookie 0x1
                output:3

            bridge("br-ex")
            ---------------
             0. priority 0
                NORMAL
                 -> forwarding to learned port

            Datapath actions: push_vlan(vid=7,pcp=0),4
            """)
        #expect(patched.rule == RuleName("bridge=br-ex,table=0,priority=0,cookie=0x0"))
    }

    @Test(arguments: [
        "", "Datapath actions: userspace(pid=0,slow_path(action))", "bridge(\"br0\")\n 0. priority 1\n    NORMAL",
        "Datapath actions: 3\nThis flow is handled by the userspace slow path because it:",
    ])
    func `what does not say what becomes of the packet says nothing`(text: String) {
        #expect(trace(text).action == .unknown && trace(text).rule == nil)
    }
}
