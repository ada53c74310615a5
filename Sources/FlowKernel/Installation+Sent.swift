// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowModel
import Host

// Frames to an AF_XDP port.
extension Installation {
    /// Has the frames that are sent to a port counted, whose link is pinned.
    ///
    /// - Returns: whether the kernel allows it. Where it does not, nothing is left behind.
    func attachSent(_ port: RegisteredPort) throws(KernelError) -> Bool {
        let frames: SentFrames
        do throws(KernelError) {
            frames = try SentFrames.openOrMake(in: directory)
        } catch {
            guard SentFrames.isRefusal(error) else { throw error }
            return false
        }
        let path = PortLink.from.path(in: directory.portDirectory(port.number))
        guard let link = try Link.open(pinnedAt: path).id else { return false }
        try add(port, link: link, to: frames)
        return true
    }

    private func add(_ port: RegisteredPort, link: UInt32, to frames: borrowing SentFrames) throws(KernelError) {
        try programs.withProgram(
            .sentToPort, for: port, use: port.use, on: tables
        ) {
            (program) throws(KernelError) in
            try frames.keepWhole(port.use.copying == .frames, of: port)
            try frames.add(port, link: link, program)
        }
    }

    /// Puts this layout's program in the place of the one that a port has.
    func replaceSent(_ port: RegisteredPort, use: ProgramUse) throws(KernelError) {
        guard let frames = try SentFrames.open(in: directory) else { return }
        try programs.withProgram(.sentToPort, for: port, use: use, on: tables) {
            (program) throws(KernelError) in
            if use.copying == .frames { try frames.keepWhole(true, of: port) }
            try frames.replaceProgram(of: port, by: program)
            if use.copying != .frames { try frames.keepWhole(false, of: port) }
        }
    }

    func takeAwaySent(_ port: RegisteredPort) throws(KernelError) {
        guard port.fromHook == .xsk || port.isUnfinished else { return }
        try SentFrames.remove(port, in: directory)
        if try SentFrames.open(in: directory) == nil { programs.removeSent() }
    }

    /// Frames to AF_XDP ports that were sent and not counted: at most so many. nil where no port has them counted.
    package var missedFrames: UInt64? {
        get throws(KernelError) { try SentFrames.open(in: directory)?.missed }
    }
}
