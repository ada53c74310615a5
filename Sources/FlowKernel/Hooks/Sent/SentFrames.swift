// SPDX-License-Identifier: Apache-2.0

import BPF
import CLibbpf
import CWeirABI
import FlowModel
import Glibc
import Host

/// What sees the frames that a switch hands to AF_XDP ports past their qdiscs: two programs around the kernel's
/// `__dev_direct_xmit`, for all ports, that call each port's own.
///
/// Pinned beside the layouts, not in one of them: a later layout puts its program in the place of a port's in one step, so
/// that every frame meets the one or the other. Whoever changes it holds the lock of the ports.
///
///     /sys/fs/bpf/weir/sent-1      the version of what the programs agree on (weir_sent_frame)
///       begin, end                 the links of the two programs, and these
///       weir_sent_begin, …_end
///       weir_sent_ports            the port of a device, by the id of the XDP link that it carries
///       weir_sent_progs            the program of a port
///       weir_sending               the frame that a task is handing over
///       weir_sent_miss             how many could not be kept
///       weir_sent_whole            ports whose frames are kept as far as there is room; not made by earlier versions
struct SentFrames: ~Copyable {
    private let folder: String
    private let ports: BPFMap
    private let programs: BPFMap
    private let unkept: BPFMap
    /// nil where an earlier version has made the programs: of each frame they keep what is counted, and copies are cut to that.
    private let whole: BPFMap?

    /// What is pinned; nil where nothing is, or not all of it.
    static func open(in directory: PinDirectory) throws(KernelError) -> SentFrames? {
        guard directory.hasSent else { return nil }
        return try open(pinnedIn: directory.sent)
    }

    private static func open(pinnedIn folder: String) throws(KernelError) -> SentFrames {
        SentFrames(
            folder: folder, ports: try .open(pinnedAt: "\(folder)/\(WEIR_MAP_SENT_PORTS)"),
            programs: try .open(pinnedAt: "\(folder)/\(WEIR_MAP_SENT_PROGRAMS)"),
            unkept: try .open(pinnedAt: "\(folder)/\(WEIR_MAP_SENT_MISSED)"),
            whole: unsafe access("\(folder)/\(WEIR_MAP_SENT_WHOLE)", F_OK) == 0
                ? try .open(pinnedAt: "\(folder)/\(WEIR_MAP_SENT_WHOLE)") : nil)
    }

    /// Whether all of it is pinned.
    static func isWhole(in directory: PinDirectory) -> Bool {
        let names = [
            "begin", "end", WEIR_PROGRAM_SENT_BEGIN, WEIR_PROGRAM_SENT_END, WEIR_MAP_SENDING, WEIR_MAP_SENT_PORTS,
            WEIR_MAP_SENT_PROGRAMS, WEIR_MAP_SENT_MISSED,
        ]
        return names.allSatisfy { unsafe access("\(directory.sent)/\($0)", F_OK) == 0 }
    }

    /// Opens what is pinned, or makes it.
    static func openOrMake(in directory: PinDirectory) throws(KernelError) -> SentFrames {
        if let frames = try open(in: directory) { return frames }
        try directory.removeSent()
        do throws(KernelError) {
            try Folder.make(directory.sent)
            try make(in: directory.sent)
            return try open(pinnedIn: directory.sent)
        } catch {
            try? directory.removeSent()
            throw error
        }
    }

    private static func make(in folder: String) throws(KernelError) {
        let object = try BPFObject(EmbeddedObjects.sentFrames, named: WEIR_PROGRAM_SENT_BEGIN)
        try object.load()
        let names = [
            WEIR_MAP_SENDING, WEIR_MAP_SENT_PORTS, WEIR_MAP_SENT_PROGRAMS, WEIR_MAP_SENT_MISSED, WEIR_MAP_SENT_WHOLE,
        ]
        for name in names {
            try object.map(named: name).pin(at: "\(folder)/\(name)")
        }
        let end = try object.takeProgram(named: WEIR_PROGRAM_SENT_END)
        let begin = try object.takeProgram(named: WEIR_PROGRAM_SENT_BEGIN)
        try begin.pin(at: "\(folder)/\(begin.name)")
        try end.pin(at: "\(folder)/\(end.name)")
        try Link.trace(begin, at: BPF_TRACE_FENTRY).pin(at: "\(folder)/begin")
        try Link.trace(end, at: BPF_TRACE_FEXIT).pin(at: "\(folder)/end")
    }
}

extension SentFrames {
    /// Whether this kernel loads its programs.
    static func areAllowed() throws(KernelError) -> Bool {
        do throws(KernelError) {
            try BPFObject(EmbeddedObjects.sentFrames, named: WEIR_PROGRAM_SENT_BEGIN).load()
            return true
        } catch {
            guard isRefusal(error) else { throw error }
            return false
        }
    }

    /// Whether an error says that this kernel does not let its functions be traced: it may not, has no BTF or no such
    /// function, or no trampolines on this architecture (ENOTSUPP, include/linux/errno.h).
    static func isRefusal(_ error: KernelError) -> Bool {
        switch error.code {
        case .notPermitted, .notFound, .unsupported, .invalid, .system(524), .system(ESRCH): true
        case .busy, .system: false
        }
    }

    /// Counts by that program, from now on, what is sent to the device that carries the link.
    func add(_ port: RegisteredPort, link: UInt32, _ program: borrowing Program) throws(KernelError) {
        try replaceProgram(of: port, by: program)
        try ports.set(UInt32(port.number.rawValue), of: link)
    }

    /// Puts a program in the place of the port's: every frame meets the one or the other.
    func replaceProgram(of port: RegisteredPort, by program: borrowing Program) throws(KernelError) {
        let (map, raw) = (programs.descriptor.raw, program.loaded.descriptor.raw)
        var (index, value) = (UInt32(port.number.rawValue), raw)
        let result = ThreadPrivileges.inForce { unsafe bpf_map_update_elem(map, &index, &value, UInt64(BPF_ANY)) }
        guard result == 0 else {
            throw KernelError(errno: result, "cannot have the program \(program.kind.name) called for \(port.name)")
        }
    }

    /// Has frames to a port kept as far as there is room for them, or as far as they are counted.
    func keepWhole(_ isWhole: Bool, of port: RegisteredPort) throws(KernelError) {
        switch whole {
        case .some(let whole): try whole.set(UInt32(isWhole ? 1 : 0), of: UInt32(port.number.rawValue))
        case nil: break
        }
    }

    /// Counts nothing more for a port; it need not be here. Where it was the last, all is taken away.
    static func remove(_ port: RegisteredPort, in directory: PinDirectory) throws(KernelError) {
        guard let frames = try open(in: directory) else { return }
        let number = UInt32(port.number.rawValue)
        var isEmpty = true
        for link in try frames.ports.keys(initial: UInt32(0)) {
            if try frames.ports.value(of: link, initial: UInt32(0)) == number {
                try frames.ports.remove(link)
            } else {
                isEmpty = false
            }
        }
        try frames.programs.remove(number)
        try frames.keepWhole(false, of: port)
        if isEmpty { try directory.removeSent() }
    }

    /// Frames, of whatever port, that were sent and not counted: since there was no memory, or since the kernel runs no
    /// program that is interrupted by itself. Of the latter it does not say which were ours: at most so many.
    var missed: UInt64 {
        get throws(KernelError) {
            let unkept = try unkept.value(of: UInt32(0), initial: UInt64(0)) ?? 0
            let begin = try BPFProgram.misses(ofProgramPinnedAt: "\(folder)/\(WEIR_PROGRAM_SENT_BEGIN)")
            let end = try BPFProgram.misses(ofProgramPinnedAt: "\(folder)/\(WEIR_PROGRAM_SENT_END)")
            return unkept + begin + end
        }
    }
}
