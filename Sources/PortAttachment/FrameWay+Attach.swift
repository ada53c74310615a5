// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
import FlowModel
package import PortDirectory

extension FrameWay {
    /// How a port whose frames go that way is attached. The switch cannot open a port with a program in another mode than its
    /// own on it.
    package var attachOptions: AttachOptions {
        switch self {
        case .kernel: AttachOptions(hook: .tc)
        case .afxdp(.native): AttachOptions(hook: .xsk, xdpMode: .native)
        case .afxdp(.generic): AttachOptions(hook: .xsk, xdpMode: .generic)
        case .afxdp(.any): AttachOptions(hook: .xsk)
        }
    }
}
