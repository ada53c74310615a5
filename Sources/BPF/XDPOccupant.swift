// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// An XDP program that is on an interface.
package struct XDPOccupant: Equatable, Sendable {
    package let id: UInt32
    /// nil: in hardware, or in several modes.
    package let mode: XDPMode?

    /// What the kernel calls it, which takes CAP_SYS_ADMIN to learn.
    package var name: String {
        guard let program = try? BPFProgram.open(id: id) else { return "of unknown name" }
        return program.name
    }
}
