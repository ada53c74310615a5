// SPDX-License-Identifier: Apache-2.0

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
    /// Somebody has attached it meanwhile.
    case isAttached
    /// There is no such interface any more, or it has another name by now.
    case isGone
    case refused(KernelError)
}

extension AttachOutcome {
    /// The new port; throws why there is none.
    package func port(on interface: NetworkInterface) throws(KernelError) -> RegisteredPort {
        switch self {
        case .attached(let port): return port
        case .refused(let error): throw error
        case .isAttached:
            throw KernelError(
                .busy, "cannot attach to \(interface.name)", cause: "it is attached already",
                remedy: "detach it first: weir detach \(interface.name)")
        case .isGone:
            throw KernelError(
                .notFound, "cannot attach to \(interface.name)", cause: "it has gone, or has another name now",
                remedy: "list interfaces with: ip link")
        }
    }
}
