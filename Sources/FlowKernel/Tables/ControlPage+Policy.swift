// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host

extension ControlPage {
    /// The next version. Whoever asks has the turn of the ports.
    ///
    /// None is given out twice in a window: flows of it that were judged by the earlier would be found again.
    func takePolicyVersion() throws(KernelError) -> PolicyVersion {
        try takePolicyVersions(1, to: "change the policy").next
    }

    /// The next version of the same generation of rules: flows are asked about anew, and judged as before.
    func takeTapVersion() throws(KernelError) -> PolicyVersion {
        try takePolicyVersions(2, to: "change tap sessions").next.next
    }

    /// The version in force, behind which so many are taken.
    private func takePolicyVersions(_ count: UInt32, to purpose: String) throws(KernelError) -> PolicyVersion {
        let window = window
        let used = policyVersions(in: window)
        guard used + count <= PolicyVersion.mostAWindow else {
            throw KernelError(
                .busy, "cannot \(purpose)",
                cause: "it was changed \(counted(used, "time")) in the open window already",
                remedy: meterPID == nil
                    ? "start the daemon, which ends windows (weir run)" : "try again in the next window")
        }
        setPolicyVersions(used + count, in: window)
        return policyVersion
    }
}
