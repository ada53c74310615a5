// SPDX-License-Identifier: Apache-2.0

import Foundation

/// What is printed of one machine's figures: a line of a directory provider (docs/providers.md).
struct StatisticsLine {
    /// Whose machine it is, as its XML says: the beginning of a JSON object, without its end.
    struct Identity: Equatable {
        let json: String
        /// Of its interfaces, among the names.
        let addresses: [(name: String, mac: String)]

        static func == (left: Self, right: Self) -> Bool {
            left.json == right.json && left.addresses.elementsEqual(right.addresses, by: ==)
        }

        init(_ machine: MachineDocument) {
            addresses = machine.interfaces.compactMap { interface in
                guard let device = interface.device, let mac = interface.mac else { return nil }
                return ("mac.\(device)", mac)
            }
            let name = [machine.displayName, machine.title, machine.name].first { !$0.isEmpty }
            let words = [
                ("instance_name", name ?? ""), ("project_id", machine.projectID),
                ("project_name", machine.projectName), ("user_id", machine.userID), ("user_name", machine.userName),
                ("flavor", machine.flavor),
            ]
            json = words.filter { !$0.1.isEmpty }.map { ",\"\($0.0)\":\(JSONText.quoted($0.1))" }.joined()
        }
    }

    /// The daemon refuses a longer one.
    private static let mostBytes = 64 << 10

    let json: String

    /// - Parameters:
    ///   - figures: those that are wanted, in libvirt's order.
    ///   - time: of CLOCK_MONOTONIC, in milliseconds.
    ///   - asks: whether the driver has a hypervisor to ask, which may not answer.
    init(
        of machine: Libvirt.Statistics.Machine, _ identity: Identity?, _ figures: [(String, Libvirt.Statistics.Figure)],
        time: UInt64, asks: Bool
    ) {
        let whole = Self.json(machine, identity, figures, time, asks)
        // A machine of so many CPUs that they do not fit is told without them.
        guard whole.utf8.count > Self.mostBytes else {
            json = whole
            return
        }
        json = Self.json(machine, identity, figures.filter { !$0.0.hasPrefix("vcpu.") }, time, asks)
    }

    private static func json(
        _ machine: Libvirt.Statistics.Machine, _ identity: Identity?, _ figures: [(String, Libvirt.Statistics.Figure)],
        _ time: UInt64, _ asks: Bool
    ) -> String {
        var (numbers, texts) = ("", "")
        for (name, mac) in identity?.addresses ?? [] {
            texts += "\(texts.isEmpty ? "" : ",")\(JSONText.quoted(name)):\(JSONText.quoted(mac))"
        }
        var (isRunning, isAnswered) = (false, false)
        for (name, figure) in figures {
            switch figure {
            case .number(let number):
                numbers += "\(numbers.isEmpty ? "" : ",")\"\(name)\":\(number)"
                if name == "state.state" { isRunning = (1...3).contains(number) }
                if name == "balloon.rss" { isAnswered = true }
            case .text(let text):
                texts += "\(texts.isEmpty ? "" : ",")\"\(name)\":\(JSONText.quoted(text))"
            }
        }
        // Where another call waits for QEMU, libvirt leaves out what it asks QEMU for; it tells the size of its process only with that.
        let isMissed = asks && isRunning && !isAnswered
        let head = """
            {"machine":"\(machine.uuid)","domain":\(JSONText.quoted(machine.name))\(identity?.json ?? ""),"life":\(machine.life),\
            "answered":\(!isMissed),"clock_ms":\(time)
            """
        return "\(head),\"stats\":{\(numbers)},\"names\":{\(texts)}}"
    }
}

/// A text of JSON.
enum JSONText {
    static func quoted(_ text: String) -> String {
        guard text.utf8.contains(where: { $0 < 0x20 || $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) else {
            return "\"\(text)\""
        }
        let data = try? JSONEncoder().encode(text)
        return data.map { String(decoding: $0, as: UTF8.self) } ?? "\"\""
    }
}

/// Which of libvirt's figures are told; newer versions have many more.
enum FigureName {
    static func isWanted(_ name: String) -> Bool {
        let parts = name.split(separator: ".", maxSplits: 2)
        guard parts.count >= 2 else { return false }
        return switch parts[0] {
        case "net", "block": parts.count == 2 ? parts[1] == "count" : ofDevices.contains(parts[2])
        case "vcpu": parts.count == 2 ? parts[1] == "maximum" : ofCPUs.contains(parts[2])
        case "balloon": ofMemory.contains(parts[1])
        default: name == "state.state" || name == "cpu.time"
        }
    }

    private static let ofCPUs: Set<Substring> = ["state", "time", "wait", "delay"]
    private static let ofMemory: Set<Substring> = [
        "current", "maximum", "rss", "unused", "available", "usable", "swap_in", "swap_out", "disk_caches",
    ]
    private static let ofDevices: Set<Substring> = [
        "name", "path", "rx.bytes", "rx.pkts", "rx.errs", "rx.drop", "tx.bytes", "tx.pkts", "tx.errs", "tx.drop",
        "rd.reqs", "rd.bytes", "rd.times", "wr.reqs", "wr.bytes", "wr.times", "fl.reqs", "allocation", "capacity",
        "physical",
    ]
}
