// SPDX-License-Identifier: Apache-2.0

/// An XDP program that is on an interface.
struct XDPOccupant: Equatable, Sendable {
    let id: UInt32
    /// nil: in hardware, or in several modes.
    let mode: XDPMode?

    /// What the kernel calls it, which takes CAP_SYS_ADMIN to learn.
    var name: String {
        guard let program = try? BPFProgram.open(id: id) else { return "of unknown name" }
        return program.name
    }
}
