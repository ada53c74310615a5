// SPDX-License-Identifier: Apache-2.0

/// A directory provider: a program that prints what it knows of interfaces, one JSON object a line.
package struct ProviderChoice: Equatable, Sendable {
    /// What status, metrics and the log call it.
    package var name: String
    /// The program of the operator's, from the root, and its arguments; empty where the provider is `weir-libvirt`.
    package var command: [String] = []
    /// Which hypervisor `weir-libvirt` asks, as libvirt names it.
    package var uri: String?
    /// How often `weir-libvirt` tells the figures of machines, in whole seconds; nil: never.
    package var statistics: Duration?
    /// How long after it has ended with status 0 it is started again.
    package var every = Duration.seconds(60)
    /// A provider that prints nothing for so long, not even an empty line, is started again; nil: it may be silent.
    package var silence: Duration?

    package init(name: String, command: [String] = []) {
        self.name = name
        self.command = command
    }
}
