// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host

extension ControlPage {
    /// The next version. Whoever asks has the turn of the ports.
    ///
    /// None is given out twice in a window: flows of it that were judged by the earlier would be found again.
    func takePolicyVersion() throws(KernelError) -> PolicyVersion {
        let window = window
        let used = policyVersions(in: window)
        guard used < PolicyVersion.mostAWindow else {
            throw KernelError(
                .busy, "cannot change the policy",
                cause: "it was changed \(counted(used, "time")) in the open window already",
                remedy: meterPID == nil
                    ? "start the daemon, which ends windows (weir run)" : "try again in the next window")
        }
        setPolicyVersions(used + 1, in: window)
        return policyVersion.next
    }
}
