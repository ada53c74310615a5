// SPDX-License-Identifier: Apache-2.0

import Glibc
import Host

// The maps of the policy: all of them are there, or none.
extension PinDirectory {
    var policy: String { "\(layout)/policy" }
    /// bpffs takes no name with a dot.
    private var unfinishedPolicy: String { "\(layout)/policy_new" }

    var hasPolicy: Bool { unsafe access(policy, F_OK) == 0 }

    /// Makes a directory to pin them in.
    func beginPolicy() throws(KernelError) -> String {
        removePolicy()
        try Folder.make(unfinishedPolicy)
        return unfinishedPolicy
    }

    func finishPolicy() throws(KernelError) {
        guard unsafe rename(unfinishedPolicy, policy) == 0 else {
            throw KernelError(errno: errno, "cannot make the directory \(policy)")
        }
    }

    func removePolicy() {
        for folder in [policy, unfinishedPolicy] {
            for name in Folder.entries(of: folder) { unsafe unlink("\(folder)/\(name)") }
            unsafe rmdir(folder)
        }
    }
}
