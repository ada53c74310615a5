// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Host

/// The interfaces of a network namespace: counters of `/proc/net/dev`, all else as rtnetlink(7) tells it. Used from one thread.
///
/// `/sys/class/net` would show those of another namespace where the daemon is in one of its own.
struct HostInterfaces: ~Copyable {
    /// nil where the kernel does not let it be made; it is tried again.
    private var monitor: InterfaceMonitor?
    private var known: [UInt32: InterfaceFacts] = [:]
    /// Whether a device is behind the interface; nil where that is not known.
    private var devices: [UInt32: Bool?] = [:]
    private var speeds: [UInt32: (speed: UInt64?, read: MonotonicTime, isUp: Bool)] = [:]

    private static let room = 1 << 20
    /// The speed of an interface that stays up or down is asked for that often.
    private static let speedPeriod = Duration.seconds(60)
    /// linux/if.h: up, and able to carry frames.
    private static let running: UInt32 = 0x41

    init() {}

    mutating func read(_ now: MonotonicTime) -> [HostInterface] {
        follow()
        let facts = Dictionary(known.values.map { ($0.interface.name, $0) }) { first, _ in first }
        let interfaces = HostInterface.list((try? ProcFile.read("/proc/thread-self/net/dev")) ?? "")
        return interfaces.map { interface in
            var interface = interface
            guard let facts = facts[InterfaceName.canonical(interface.interface)] else { return interface }
            interface.interface = facts.interface.name
            interface.index = Int(facts.interface.index)
            interface.mac = facts.address.map { "\($0)" }
            interface.isUp = facts.flags & Self.running == Self.running
            interface.isPhysical = hasDevice(facts.interface)
            interface.speed = speed(of: facts.interface, isUp: interface.isUp, now)
            return interface
        }
    }

    private mutating func follow() {
        do throws(KernelError) {
            if monitor == nil { monitor = try InterfaceMonitor(room: Self.room) }
            for news in try monitor!.news() { take(news) }
        } catch {
            monitor = nil
        }
    }

    private mutating func take(_ news: InterfaceFeed.News) {
        switch news {
        case .listed(let all):
            known = Dictionary(all.map { ($0.interface.index, $0) }) { _, last in last }
            speeds = speeds.filter { known[$0.key] != nil }
            devices = devices.filter { known[$0.key] != nil }
        case .changed(.present(let facts)): known[facts.interface.index] = facts
        case .changed(.gone(let index, _)): (known[index], speeds[index], devices[index]) = (nil, nil, nil)
        }
    }

    /// As sysfs says, where that shows this interface and not one of another namespace with its name.
    private mutating func hasDevice(_ interface: NetworkInterface) -> Bool? {
        if let known = devices[interface.index] { return known }
        let place = "/sys/class/net/\(interface.name)"
        let index = (try? ProcFile.read("\(place)/ifindex")).flatMap { UInt32($0.split(separator: "\n").first ?? "") }
        let found: Bool? = index == interface.index ? (try? ProcFile.read("\(place)/device/uevent")) != nil : nil
        devices[interface.index] = .some(found)
        return found
    }

    private mutating func speed(of interface: NetworkInterface, isUp: Bool, _ now: MonotonicTime) -> UInt64? {
        if let known = speeds[interface.index], known.isUp == isUp,
            known.read.duration(to: now) < Self.speedPeriod
        {
            return known.speed
        }
        let speed = interface.speed
        speeds[interface.index] = (speed, now, isUp)
        return speed
    }
}
