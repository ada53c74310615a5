// SPDX-License-Identifier: Apache-2.0

import CHost
import CWeirABI
import DurableFiles
import FlowModel
import Glibc
package import Host
internal import SystemPackage

/// The directory in bpffs under which everything of one Weir is pinned.
///
///     /sys/fs/bpf/weir            the base, mode 0700; its lock is the daemon's
///       v1-0a1b2c3d               ABI version and layout hash; its lock is shared by all processes that use it
///         weir_control …          maps
///         weir_interfaces-4026531840, weir_above-4026531840       which interfaces of that network namespace are ports
///         weir_tc_from-4026531840-0a1b2c3d …       programs that its ports share, by what they were made from
///         weir_sent_to-guest-0a1b2c3d      the program for frames that are sent past qdiscs to ports of that role
///         ports                   its lock is whose turn it is to attach or detach
///           7/totals              what port 7 counted
///           7/from, to            its links
///           7/xsks_map            the sockets behind it, of an AF_XDP port
///           7/fragments           datagrams whose fragments are on their way
///           7/connections         those of a port with a policy
///         policy                maps of the policy, once there has been one
///         copies                  maps of tap sessions, once programs can copy for them
///         sampling                those of samples, once a port is sampled
///         sent                    maps of the table of what is sent past qdiscs, once a port needs it
///       sent-1                    see SentFrames; for all layouts
package struct PinDirectory: Equatable, Sendable {
    /// The base directory.
    package let base: String
    /// "v3-0a1b2c3d"
    private let layoutName: String

    /// The pins of this build's layout below the base.
    package init(base: String) {
        self.base = base
        layoutName = Self.ownLayoutName
    }

    /// The same below the same base, of another layout.
    func withLayout(named name: String) -> PinDirectory { PinDirectory(base: base, layoutName: name) }

    private init(base: String, layoutName: String) {
        self.base = base
        self.layoutName = layoutName
    }

    /// The directory of the pins.
    package var layout: String { "\(base)/\(layoutName)" }

    private static var ownLayoutName: String {
        let hash = String(EmbeddedObjects.layoutHash, radix: 16)
        return "v\(WEIR_ABI_VERSION)-" + String(repeating: "0", count: 8 - hash.count) + hash
    }

    /// The directory of what belongs to single ports.
    var ports: String { "\(layout)/ports" }

    func portDirectory(_ port: PortNumber) -> String { "\(ports)/\(port.rawValue)" }

    /// Whether maps of this layout are pinned here. The control map is pinned last.
    package var hasMaps: Bool { unsafe access("\(layout)/\(WEIR_MAP_CONTROL)", F_OK) == 0 }

    /// Makes the base directory, mounting bpffs first where it is not.
    ///
    /// The mount point is the base's first ancestor that exists; only `/sys/fs/bpf` is ever mounted.
    package func prepare() throws(KernelError) {
        try mountIfNeeded()
        try Folder.make(base)
        try refuseUntrusted()
    }

    /// Throws where another user can change the base or lead to another place: what is below it is removed by its path.
    func refuseUntrusted() throws(KernelError) {
        do {
            _ = try HeldFolder(FilePath(base), .ours)
        } catch let error as UntrustedPath {
            throw KernelError(
                .notPermitted, "cannot use the pins in \(base)", cause: "\(error)",
                remedy: "or name another directory with --bpffs")
        } catch {
            // Where it is missing or must not be read, the call that needs it says so.
        }
    }

    /// Makes the directories below the base.
    func prepareLayout() throws(KernelError) {
        try Folder.make(layout)
        try Folder.make("\(layout)/ports")
    }

    /// Removes the pins of the maps and the directories. Links must be gone.
    func removeLayout() throws(KernelError) {
        for name in Folder.entries(of: layout) where name.hasPrefix("weir_") { unsafe unlink("\(layout)/\(name)") }
        for name in Folder.entries(of: "\(layout)/ports") {
            PortPin.removeAll(in: "\(layout)/ports/\(name)")
        }
        unsafe rmdir("\(layout)/ports")
        policy.remove()
        copies.remove()
        sampling.remove()
        sentTable.remove()
        guard unsafe rmdir(layout) == 0 || errno == ENOENT else {
            throw KernelError(errno: errno, "cannot remove \(layout)")
        }
    }

    /// What all layouts share to see frames that are sent past qdiscs.
    var sent: String { "\(base)/sent-\(WEIR_SENT_VERSION)" }

    /// The link that is pinned last.
    var hasSent: Bool { unsafe access("\(sent)/end", F_OK) == 0 }

    /// Removes it: no such frame is seen any more.
    func removeSent() throws(KernelError) {
        // The links first, so that nothing runs on maps that are gone.
        for name in ["begin", "end"] + Folder.entries(of: sent) { unsafe unlink("\(sent)/\(name)") }
        guard unsafe rmdir(sent) == 0 || errno == ENOENT else {
            throw KernelError(errno: errno, "cannot remove \(sent)")
        }
    }

    /// Removes the base where nothing is left in it.
    package func removeBaseIfEmpty() { unsafe rmdir(base) }

    /// The base's inode number: another directory in its place has another. 0 where there is none.
    package var baseInode: UInt64 { (try? openBase().inode) ?? 0 }

    /// Opens the base for its lock.
    package func openBase() throws(KernelError) -> Descriptor { try .open(base, flags: O_RDONLY | O_DIRECTORY) }

    /// Opens the directory of this layout for its lock.
    func openLayout() throws(KernelError) -> Descriptor { try .open(layout, flags: O_RDONLY | O_DIRECTORY) }

    /// Opens the directory of the ports' links for its lock.
    func openPorts() throws(KernelError) -> Descriptor { try .open("\(layout)/ports", flags: O_RDONLY | O_DIRECTORY) }

    /// Takes the shared lock of the layout's directory, which keeps it from being removed; nil where it is not there.
    func takeIntoUse() throws(KernelError) -> Descriptor? {
        while unsafe access(layout, F_OK) == 0 {
            guard let use = try? openLayout() else { continue }
            try use.waitForSharedLock()
            // The holder of the exclusive lock may have removed it, and another process made it anew.
            if let current = try? openLayout(), current.inode == use.inode { return use }
        }
        return nil
    }

    /// Layouts of other builds that are pinned here.
    package var otherLayouts: [String] {
        Folder.entries(of: base).filter { $0.hasPrefix("v") && $0 != layoutName }
    }

    /// The ABI version in a layout's name, or nil where that is no such name.
    static func version(ofLayout name: String) -> Int? {
        name.dropFirst().split(separator: "-").first.flatMap { Int($0) }
    }
}

extension PinDirectory {
    /// The maps of the policy, once there has been one.
    var policy: PinFolder { PinFolder(path: "\(layout)/policy") }

    /// Those of what programs copy, once one has.
    var copies: PinFolder { PinFolder(path: "\(layout)/copies") }

    /// Those of what programs sample, once a port is sampled.
    var sampling: PinFolder { PinFolder(path: "\(layout)/sampling") }

    /// Those of the table of what is sent past qdiscs, once a port needs it.
    var sentTable: PinFolder { PinFolder(path: "\(layout)/sent") }
}

extension PinDirectory {
    private static let standardMount = "/sys/fs/bpf"

    private func mountIfNeeded() throws(KernelError) {
        guard unsafe weir_is_bpffs(existingAncestor) != 1 else { return }
        guard isBelowStandardMount else {
            throw KernelError(
                .notFound, "cannot pin under \(base)", cause: "no bpffs is mounted there",
                remedy: "mount one (mount -t bpf bpf DIRECTORY) or use a directory below \(Self.standardMount)")
        }
        guard unsafe mount("bpf", Self.standardMount, "bpf", 0, "mode=0700") == 0 else {
            let reason = errno
            throw KernelError(
                KernelError.Code(errno: reason), "cannot pin under \(base)",
                cause:
                    "no bpffs is mounted at \(Self.standardMount) and mounting it failed: \(KernelError.cause(of: reason))",
                remedy: "mount it as root: mount -t bpf bpf \(Self.standardMount)")
        }
    }

    var isBelowStandardMount: Bool { base == Self.standardMount || base.hasPrefix(Self.standardMount + "/") }

    var existingAncestor: String {
        var path = Substring(base)
        while unsafe access(String(path), F_OK) != 0, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
            path = path[..<slash]
        }
        return String(path)
    }
}
