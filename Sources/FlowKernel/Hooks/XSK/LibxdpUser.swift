// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Host

/// A process that has libxdp mapped, by which it opens AF_XDP sockets.
///
/// What cannot be seen: a program that libxdp is linked into statically, one in another network namespace than the ports,
/// one that is started later, and one that the kernel does not let us look at, since it may more than we (ptrace(2)).
///
/// The version is that in the file's name, which is of the library's interface and not of its release: that of 1.3.1 is
/// called 1.3.0. So a release of 1.2 that adopts, 1.2.2 or later, can be called 1.2.0, as the one is that leaves the switch
/// without the port, and is taken for it.
package struct LibxdpUser: Equatable, Sendable {
    package let pid: Int
    package let name: String
    /// "1.3.0"; nil where the file's name does not say.
    package let version: String?

    /// The first that adopts a program which it finds.
    private static let firstAdopting = [1, 2, 2]

    /// Whether it adopts a program that is on an interface already; true where that is not known.
    package var adopts: Bool {
        guard let version else { return true }
        let numbers = version.split(separator: ".").compactMap { Int($0) }
        return !numbers.lexicographicallyPrecedes(Self.firstAdopting)
    }

    /// Those of this thread's network namespace. Not those of our own name, which use libxdp for its dispatcher alone.
    package static func all() throws(KernelError) -> [LibxdpUser] {
        let namespace = try NetworkInterface.currentNamespace()
        return Folder.entries(of: "/proc").compactMap { Int($0) }.sorted().compactMap { pid in
            guard isIn(namespace, pid), !isOurs(pid), let library = library(of: pid) else { return nil }
            let name = (try? ProcFile.read("/proc/\(pid)/comm")).map { String($0.prefix { $0 != "\n" }) }
            return LibxdpUser(pid: pid, name: name ?? "a process", version: version(of: library))
        }
    }

    private static func isIn(_ namespace: UInt64, _ pid: Int) -> Bool {
        guard let file = try? Descriptor.open("/proc/\(pid)/ns/net", flags: O_RDONLY) else { return false }
        return file.inode == namespace
    }

    private static func isOurs(_ pid: Int) -> Bool {
        guard let own = executable(of: "self") else { return false }
        return executable(of: "\(pid)") == own
    }

    /// The name of the file that a process runs.
    private static func executable(of process: String) -> Substring? {
        unsafe withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            let length = unsafe readlink("/proc/\(process)/exe", buffer.baseAddress!, buffer.count)
            guard length > 0 else { return nil }
            let path = unsafe String(decoding: buffer[..<length].map { UInt8(bitPattern: $0) }, as: UTF8.self)
            // After the name of one that was replaced since, the kernel says " (deleted)".
            return path.split(separator: "/").last?.prefix { $0 != " " }
        }
    }

    private static func library(of pid: Int) -> String? {
        guard let maps = try? ProcFile.read("/proc/\(pid)/maps") else { return nil }
        for line in maps.split(separator: "\n") {
            guard let file = line.split(separator: "/").last, file.hasPrefix("libxdp.so") else { continue }
            return String(file.prefix { $0 != " " })
        }
        return nil
    }

    private static func version(of library: String) -> String? {
        let version = library.dropFirst("libxdp.so.".count)
        return version.contains(".") ? String(version) : nil
    }

    /// Throws where a switch would take the port's program for a foreign one, and could not open the port.
    ///
    /// - Parameter failure: what cannot be done then.
    package static func refuseTooOld(_ failure: String) throws(KernelError) {
        guard let user = try all().first(where: { !$0.adopts }), let version = user.version else { return }
        throw KernelError(
            .unsupported, failure,
            cause: "\(user.name) (pid \(user.pid)) uses libxdp \(version), which adopts no program that is there",
            remedy: "give it libxdp 1.3.0 or later")
    }
}
