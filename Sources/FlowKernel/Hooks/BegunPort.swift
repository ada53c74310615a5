// SPDX-License-Identifier: Apache-2.0

import Host

/// A port that has its number and waits for its programs, under the lock of the ports' directory.
struct BegunPort: Sendable {
    let port: RegisteredPort
    let interface: NetworkInterface
    let options: AttachOptions
}
