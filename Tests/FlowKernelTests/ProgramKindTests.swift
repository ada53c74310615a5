// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Host
import Testing

@Suite struct ProgramKindTests {
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

    @Test(arguments: ProgramKind.allCases, FlowEngine.allCases)
    func `every choice of options has an object`(kind: ProgramKind, engine: FlowEngine) {
        for use in ProgramUse.allCases {
            for isOnLinks in [false, true] {
                let options = ProgramOptions(kind, for: engine, use: use, isOnLinks: isOnLinks)
                #expect(options.isBuilt, "\(options.objectName)")
            }
        }
    }
}
