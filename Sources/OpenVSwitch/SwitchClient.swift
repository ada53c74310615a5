// SPDX-License-Identifier: Apache-2.0

import Host
import PortDirectory

/// Asks a switch once what its ports are.
package enum SwitchClient {
    /// All ports of the switch whose run directory that is. Blocks about as long as the patience at most.
    ///
    /// Throws `OVSDBFailure` where there is no switch, or none that answers.
    package static func ports(
        of choice: SwitchChoice = SwitchChoice(), patience: Duration = .seconds(3)
    ) throws(OVSDBFailure) -> SwitchPorts {
        let end = ContinuousClock.now + patience
        let bell: Bell
        do throws(KernelError) { bell = try Bell() } catch { throw .unreachable(error.description) }
        var conversation = try SwitchConversation(on: choice.socket, patience: patience)
        while ContinuousClock.now < end {
            _ = try conversation.turn(orFor: bell, atMost: ContinuousClock.now.duration(to: end))
            if let tables = conversation.tables { return SwitchPorts(tables) }
        }
        throw .silent(patience)
    }

    /// Whether the switch has guests behind ports of AF_XDP on the bridges that are asked for; false where it does not say.
    package static func hasGuestsByAFXDP(_ choice: SwitchChoice) -> Bool {
        guard let ports = try? ports(of: choice) else { return false }
        return ports.of(bridges: choice.bridges).contains { $0.guest != .no && $0.way != .kernel }
    }
}
