// SPDX-License-Identifier: Apache-2.0

/// A port that has its number and waits for its programs, under the lock of the ports' directory.
struct BegunPort: Sendable {
    let port: RegisteredPort
    let interface: NetworkInterface
    let options: AttachOptions
    /// nil for an AF_XDP port, whose one program is loaded when it is known what it delivers to.
    let programs: Programs?

    struct Programs: Sendable {
        let toPort: ProgramLoading
        /// nil for an entry in libxdp's dispatcher, which libxdp loads.
        let fromPort: ProgramLoading?
    }
}
