// SPDX-License-Identifier: Apache-2.0

import Foundation

/// libvirt as it is installed on this host.
package enum LocalLibvirt {
    /// Its hypervisor of machines that all users share.
    package static let uri = "qemu:///system"

    /// The read-only sockets of libvirtd, and of the daemon for QEMU alone that newer versions have in its place.
    private static let sockets = ["/run/libvirt/libvirt-sock-ro", "/run/libvirt/virtqemud-sock-ro"]

    /// nil where there is none, and so no libvirt that could be asked.
    package static var socket: String? { sockets.first { FileManager.default.fileExists(atPath: $0) } }
}
