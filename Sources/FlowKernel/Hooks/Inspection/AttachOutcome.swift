// SPDX-License-Identifier: Apache-2.0

package import Host

/// An interface that is to be attached.
package struct AttachRequest: Equatable, Sendable {
    package var interface: NetworkInterface
    package var options: AttachOptions

    package init(_ interface: NetworkInterface, _ options: AttachOptions) {
        self.interface = interface
        self.options = options
    }
}

/// What became of it.
package enum AttachOutcome: Equatable, Sendable {
    case attached(RegisteredPort)
    /// It is attached already, and whole.
    case isAttached
    /// It was attached already, on the same number, and is whole again.
    case mended(PortFinding)
    /// There is no such interface any more, or it has another name by now.
    case isGone
    case refused(KernelError)
    /// It cannot be attached now, for a reason that is not the interface's and may pass.
    case withheld(KernelError)
}

extension AttachOutcome {
    /// Why the interface is not attached; nil where it is.
    package func refusal(of interface: NetworkInterface) -> KernelError? {
        switch self {
        case .attached, .mended, .isAttached: nil
        case .refused(let error), .withheld(let error): error
        case .isGone:
            KernelError(
                .notFound, "cannot attach to \(interface.name)", cause: "it has gone, or has another name now",
                remedy: "list interfaces with: ip link")
        }
    }
}
