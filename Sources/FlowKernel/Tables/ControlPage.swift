// SPDX-License-Identifier: Apache-2.0

import BPF
import CHost
import CWeirABI
package import FlowMeter
package import FlowModel
import Glibc
import Host

/// Owns a mapping of `weir_control`: what user space tells the programs and other readers.
///
/// One writer: the holder of the lock of the daemon, or of the register while there is no daemon.
@safe package struct ControlPage: ~Copyable {
    private let page: UnsafeMutablePointer<weir_control>
    private let length: Int

    /// Maps the control map; read-only mappings trap when written.
    init(of map: borrowing BPFMap, rights: Descriptor.Rights) throws(KernelError) {
        length = Int(sysconf(CInt(_SC_PAGESIZE)))
        let protection = rights == .readWrite ? PROT_READ | PROT_WRITE : PROT_READ
        let address = unsafe mmap(nil, length, protection, MAP_SHARED, map.descriptor.raw, 0)
        guard let address = unsafe address, unsafe address != MAP_FAILED else {
            throw KernelError(errno: errno, "cannot map \(map.name) into memory")
        }
        unsafe page = address.assumingMemoryBound(to: weir_control.self)
    }

    deinit { unsafe munmap(page, length) }

    /// The number of the open window.
    package var window: UInt32 {
        unsafe page.withMemoryRebound(to: UInt32.self, capacity: 1) { place in
            unsafe weir_load_acquire_u32(place)
        }
    }

    /// The process id of the daemon that swaps, or nil.
    package var meterPID: Int32? {
        let pid = unsafe page.pointee.meter_pid
        return pid == 0 ? nil : Int32(pid)
    }

    /// The window's length, or nil where no daemon swaps.
    package var interval: Duration? {
        let milliseconds = unsafe page.pointee.interval_ms
        return milliseconds == 0 ? nil : .milliseconds(Int64(milliseconds))
    }

    /// Both clocks when the open window was opened.
    package var opened: ClockAnchor { ClockAnchor(entry(of: window)) }

    /// When the open window is due to be closed, or nil where no daemon swaps.
    package var closes: UnixTime? {
        guard interval != nil else { return nil }
        let nanoseconds = entry(of: window).closes_realtime_ns
        return nanoseconds == 0 ? nil : UnixTime(nanoseconds: Int64(nanoseconds))
    }

    /// Whether programs have said that the open window fills up.
    package var isFillingUp: Bool { unsafe page.pointee.woken == page.pointee.window }

    /// The tables as they were made.
    var table: weir_table { unsafe page.pointee.table }

    func setTable(_ table: weir_table) { unsafe page.pointee.table = table }

    /// When the generation of that window was opened: what its packets' times count from.
    func opened(_ window: UInt32) -> Tick {
        let opened = unsafe page.pointee.opened
        return Tick(window % UInt32(WEIR_GENERATIONS) == 0 ? opened.0 : opened.1)
    }

    /// The port number given out last.
    package var lastPort: UInt16 { UInt16(truncatingIfNeeded: unsafe page.pointee.last_port) }

    /// What these tables are told apart by from those that may be made here later.
    package var installation: UInt64 { unsafe page.pointee.installation }

    func setInstallation(_ id: UInt64) { unsafe page.pointee.installation = id }

    /// The version of the policy in force.
    package var policyVersion: PolicyVersion { PolicyVersion(word: unsafe page.pointee.policy) }

    /// Puts a version of the policy in force for every program run that begins from now on.
    func setPolicy(_ version: PolicyVersion) {
        unsafe UnsafeMutableRawPointer(page).advanced(by: MemoryLayout<weir_control>.offset(of: \.policy)!)
            .withMemoryRebound(to: UInt32.self, capacity: 1) { place in
                unsafe weir_store_release_u32(place, version.word)
            }
    }

    /// The generation of tap sessions that is in force.
    var tapGeneration: Int { Int(unsafe page.pointee.taps) % Int(WEIR_GENERATIONS) }

    /// Puts a generation of tap sessions in force for every frame that is asked about from now on.
    func setTapGeneration(_ generation: Int) {
        unsafe UnsafeMutableRawPointer(page).advanced(by: MemoryLayout<weir_control>.offset(of: \.taps)!)
            .withMemoryRebound(to: UInt32.self, capacity: 1) { place in
                unsafe weir_store_release_u32(place, UInt32(generation))
            }
    }

    /// How many versions were given out in a window.
    func policyVersions(in window: UInt32) -> UInt32 {
        unsafe page.pointee.policy_window == window ? page.pointee.policy_versions : 0
    }

    func setPolicyVersions(_ count: UInt32, in window: UInt32) {
        unsafe page.pointee.policy_versions = count
        unsafe page.pointee.policy_window = window
    }

    /// Notes that a window's generation is empty.
    func setReleased(_ window: UInt32) { unsafe page.pointee.released = window }

    private func entry(of window: UInt32) -> weir_window {
        let windows = unsafe page.pointee.windows
        return window % UInt32(WEIR_GENERATIONS) == 0 ? windows.0 : windows.1
    }
}

extension ControlPage {
    /// The open window.
    package var openWindow: OpenWindow { window(of: window) }

    /// The window or the part before the open one, where it is not released.
    package var unreleasedWindow: OpenWindow? {
        guard let number = Window.number(before: window), isUnreleased(number) else { return nil }
        return window(of: number)
    }

    /// Before the second number came the first one or, when numbers have wrapped, the highest.
    private func isUnreleased(_ number: UInt32) -> Bool {
        let released = unsafe page.pointee.released
        return released != number && !(number == Window.firstNumber && released == .max)
    }

    private func window(of number: UInt32) -> OpenWindow {
        let entry = entry(of: number)
        return OpenWindow(
            number: number, anchor: ClockAnchor(entry),
            end: UnixTime(nanoseconds: Int64(entry.closes_realtime_ns)), firstNumber: entry.first)
    }
}

extension ControlPage {
    /// Makes the window the open one for every program run that begins from now on.
    ///
    /// All that belongs to it is written where no reader looks before the number says so: a process that ends in the
    /// middle leaves the window before as it was.
    ///
    /// - Parameter tick: not later than now.
    func open(number: UInt32, first: UInt32, tick: Tick, anchor: ClockAnchor, closes: UnixTime?) {
        let entry = weir_window(
            opened_monotonic_ns: anchor.monotonic.nanoseconds,
            opened_realtime_ns: UInt64(bitPattern: anchor.realtime.nanoseconds),
            closes_realtime_ns: UInt64(bitPattern: closes?.nanoseconds ?? 0), first: first, zero: 0)
        if number % UInt32(WEIR_GENERATIONS) == 0 {
            unsafe page.pointee.opened.0 = tick.abi
            unsafe page.pointee.windows.0 = entry
        } else {
            unsafe page.pointee.opened.1 = tick.abi
            unsafe page.pointee.windows.1 = entry
        }
        unsafe page.withMemoryRebound(to: UInt32.self, capacity: 1) { place in
            unsafe weir_store_release_u32(place, number)
        }
    }

    func setMeter(pid: Int32?, interval: Duration?) {
        unsafe page.pointee.meter_pid = UInt32(pid ?? 0)
        unsafe page.pointee.interval_ms = UInt32((interval ?? .zero).wholeNanoseconds / 1_000_000)
    }

    /// Numbers are given out from the next one on.
    package func setLastPort(_ number: UInt16) { unsafe page.pointee.last_port = UInt32(number) }
}

extension ClockAnchor {
    fileprivate init(_ entry: weir_window) {
        self.init(
            monotonic: MonotonicTime(nanoseconds: entry.opened_monotonic_ns),
            realtime: UnixTime(nanoseconds: Int64(bitPattern: entry.opened_realtime_ns)))
    }
}
