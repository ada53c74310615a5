// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import FlowTestKit
import Testing

extension SecondKernel {
    /// Kernels that do not let a program that calls another take part in libxdp's dispatcher.
    @Suite(.enabled(if: KernelAccess.isSecondKernel && !XDPDispatcher.isAllowed)) struct DispatcherRefusalSuite {
        @Test(arguments: XDPMode.allCases)
        func aDispatcherThatOursCannotJoinIsNamedAndLeftAlone(_ mode: XDPMode) throws {
            let path = try DispatcherPath()
            let other = try OtherProgram(.beforeOurs, dropping: 0)
            try path.load(other, mode)
            let footprint = try Footprint("port0", in: path.host)
            let refusal = #expect(throws: KernelError.self) { try path.attach() }
            #expect(refusal?.code == .unsupported)
            #expect(
                refusal?.description
                    == "cannot attach to port0: libxdp's dispatcher is there, and this kernel does not let Weir's entry take part in it; use --hook tc, or take the dispatcher away first (xdp-loader unload --all port0)"
            )
            #expect(try Footprint("port0", in: path.host) == footprint)
            #expect(try path.called == [other.name])
            #expect(try path.installation.registeredPorts.isEmpty)
            let port = try path.attach(AttachOptions(hook: .tc))
            try path.send(100)
            #expect(try path.recorded(port, to: DispatcherPath.ports[1]).packets == 0, "dropped before")
        }
    }
}
