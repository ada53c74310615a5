// SPDX-License-Identifier: Apache-2.0

internal import Glibc
package import SystemPackage

/// Something on the way to a file or folder that another user can change, so that Weir does not go there.
package struct UntrustedPath: Error, Equatable, CustomStringConvertible {
    package enum Fault: Equatable, Sendable {
        /// A symbolic link of another user than root and the process's.
        case link(owner: UInt32)
        /// A file or folder of such a user.
        case owner(UInt32)
        /// A file or folder that its group or everybody may write.
        case writable(mode: UInt32)
    }

    package let path: FilePath
    package let fault: Fault

    package init(path: FilePath, fault: Fault) {
        self.path = path
        self.fault = fault
    }

    /// Says it for a sentence, with the remedy.
    package var description: String {
        switch fault {
        case .link(let owner):
            "\(path) is a symbolic link of user \(owner), and Weir follows those of root and its own user alone; remove it"
        case .owner(let owner):
            "\(path) belongs to user \(owner), who can change what is there; give it to root (chown root \(path))"
        case .writable(let mode):
            "other users can write \(path) (mode 0\(String(mode, radix: 8))); forbid it (chmod go-w \(path))"
        }
    }
}

extension UntrustedPath {
    /// Nothing where root and the process's own user alone can change it.
    ///
    /// A group that may write is accepted where it is root's.
    static func fault(of facts: stat, allowsSticky: Bool, _ trust: HeldFolder.Trust) -> Fault? {
        if !isOurs(facts, trust) { return .owner(facts.st_uid) }
        if allowsSticky, facts.st_mode & S_IFMT == S_IFDIR, facts.st_mode & S_ISVTX != 0 { return nil }
        let foreign = facts.st_mode & (facts.st_gid == 0 ? S_IWOTH : S_IWOTH | S_IWGRP)
        return foreign == 0 ? nil : .writable(mode: facts.st_mode & 0o7777)
    }

    static func isOurs(_ facts: stat, _ trust: HeldFolder.Trust) -> Bool {
        if facts.st_uid == 0 || facts.st_uid == geteuid() { return true }
        return trust == .operators && geteuid() == 0 && operatorBehindSudo == facts.st_uid
    }

    /// A user who became root by sudo(8) can change what root does anyway. `unsafe`: getenv(3) gives a pointer.
    private static let operatorBehindSudo = unsafe getenv("SUDO_UID").flatMap { unsafe UInt32(String(cString: $0)) }
}
