// SPDX-License-Identifier: Apache-2.0

import Host

/// A port that has its number and waits for its programs, under the lock of the ports' directory.
struct BegunPort: Sendable {
    var port: RegisteredPort
    let interface: NetworkInterface
    let options: AttachOptions

    /// As it will be: by which hook its frames are seen.
    var finished: RegisteredPort {
        var port = port
        switch options.programFromPort(of: interface) {
        case .xdpFromPort: port.fromHook = .xdp
        case .xdpDispatched: port.fromHook = .xdpDispatched
        case .xskFromPort: port.fromHook = .xsk
        case .tcFromPort, .tcToPort, .sentToPort: port.fromHook = .tcx
        }
        return port
    }
}
