// SPDX-License-Identifier: Apache-2.0

/// What the operator asks for.
package enum HookChoice: String, Sendable, CaseIterable {
    /// What the port is: XDP in front of AF_XDP sockets where a switch has some open, else TC in both directions.
    case auto
    case tc
    /// XDP for frames from the port, TC for frames to it.
    case xdp
    /// XDP in front of the AF_XDP sockets of a switch, for frames from the port; for those to it a program around the
    /// kernel's function that hands them over, where the kernel allows such programs.
    case xsk
}
