// SPDX-License-Identifier: Apache-2.0

package import FlowMeter
package import FlowModel
package import Host

/// A source whose counters are those of ports in a register.
package protocol PortSource: FlowSource, ~Copyable where Failure == KernelError {
    /// Forgets ports whose last window is released.
    func forget(_ ports: [PortNumber]) throws(KernelError)
}
