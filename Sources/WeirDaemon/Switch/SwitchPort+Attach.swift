// SPDX-License-Identifier: Apache-2.0

package import FlowKernel
package import PortDirectory

extension SwitchPort.Way {
    /// How a port whose frames go that way is attached; nil where Weir cannot see them.
    package var attachOptions: AttachOptions? {
        switch self {
        case .kernel: AttachOptions()
        // Frames for a socket of AF_XDP never come to TC, and a program of another name keeps the switch from its port.
        case .afxdp: nil
        }
    }
}
