// SPDX-License-Identifier: Apache-2.0

package import FlowVerdict
package import OpenVSwitch
package import WeirConfiguration

extension JudgeChain {
    /// The judges of this host: the policy that was loaded, the switch, the host's own stack.
    ///
    /// A process that follows neither the switch nor the stack, such as `weir dump`, has the policy alone.
    package init(_ configuration: Configuration, megaflows: MegaflowWatch? = nil, drops: DropWatch? = nil) {
        let others: [(any VerdictJudge)?] = [megaflows?.judge, drops?.history]
        let policy = LoadedPolicyJudge(PolicyState(stateDirectory: configuration.stateDirectory))
        self.init(policy: policy, then: others.compactMap(\.self))
    }
}
