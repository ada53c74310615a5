// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import DaemonReports
import FlowModel
import Foundation
import TapService
import WeirConfiguration

struct TapCaptureCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "capture",
        abstract: "Capture frames of ports: into a pcapng file, or a line for each.",
        discussion: """
            Works at every port that is measured, also where a switch reads frames through AF_XDP and tcpdump sees none. It takes nothing \
            from tap sessions, and ends with Ctrl-C; then it says what was captured, withheld and lost. Without a source it captures at all \
            ports. Takes root: frames carry what tenants say to each other.

            Examples:
              weir tap capture --vm web1 --rule number=1,action=accept,direction=BOTH,protocol=tcp,destination-port=443
              weir tap capture --port tap7 -w tap7.pcapng --packet-length 128 --duration 5m
              weir tap capture --ports 'tap*' --verdict reject -w - | wireshark -k -i -
              weir tap capture --tag db -w db.pcapng --max-size 100MB --files 10
            """)

    @OptionGroup(title: "What is captured") var selection: CaptureSelection

    @Option(
        name: [.customShort("w"), .customLong("write")],
        help: "File in pcapng format, - for standard output. Without it a line is printed for each frame.",
        completion: .file(extensions: ["pcapng"]))
    var file: String?

    @Option(help: "Frames after which it ends.")
    var count: UInt64?

    @Option(help: "Time after which it ends, such as 30s, 5m or 1h.")
    var duration: String?

    @Option(help: "Bytes after which the next file begins, such as 100MB; files have numbers then: FILE-00001.pcapng.")
    var maxSize: String?

    @Option(help: "Of these files so many are kept, the newest.")
    var files: Int?

    @Flag(help: "Lines, and what was captured in the end, as JSON.")
    var json = false

    @Flag(help: "Print times in UTC.")
    var utc = false

    @OptionGroup var place: KeyOptions<CaptureKeys>

    func run() throws {
        let configuration = try place.merged().root
        let choice = CaptureChoice(
            fields: try selection.fields(), words: selection.words, packetLength: selection.packetLength,
            count: try checkedCount(), duration: try duration.map(checkedDuration), target: try target(), isJSON: json,
            isUTC: utc)
        try CaptureSession(choice, configuration).run()
    }

    private func checkedCount() throws -> UInt64? {
        guard count != 0 else { throw UsageError(description: "--count must be 1 or more") }
        return count
    }

    private func checkedDuration(_ text: String) throws -> Duration {
        guard let duration = Duration(configurationText: text), duration > .zero else {
            throw UsageError(description: "--duration must be a time such as 30s, 5m or 1h, not \"\(text)\"")
        }
        return duration
    }

    private func target() throws -> CaptureTarget? {
        guard let file else {
            guard maxSize == nil, files == nil else {
                throw UsageError(description: "--max-size and --files are about a file: name one (-w FILE)")
            }
            return nil
        }
        guard !file.isEmpty else { throw UsageError(description: "-w needs the name of a file, or -") }
        guard let maxSize else {
            guard files == nil else { throw UsageError(description: "--files needs --max-size") }
            return file == "-" ? .output : .file(file)
        }
        guard file != "-" else { throw UsageError(description: "--max-size needs a file: standard output is one") }
        guard let bytes = ByteCountText.bytes(maxSize), bytes >= 4096 else {
            throw UsageError(description: "--max-size must be a size from 4096 on, such as 100MB, not \"\(maxSize)\"")
        }
        guard files.map({ $0 > 0 }) ?? true else { throw UsageError(description: "--files must be 1 or more") }
        return .files(file, bytes: bytes, kept: files)
    }
}

extension TapCaptureCommand: NeedsKernel {}

enum CaptureKeys: KeyChoice {
    static let table = ConfigurationKeys.all.only("socket", "state-dir")
}

/// Which frames, as a tap flow has it.
struct CaptureSelection: ParsableArguments {
    @Option(help: "An interface. It may come later.", completion: .interface)
    var port: String?

    @Option(help: "All interfaces whose names match a pattern, such as 'tap*'.")
    var ports: String?

    @Option(help: "All ports of this machine, id or name.")
    var vm: String?

    @Option(
        name: [.customLong("project"), .customLong("source-project")], help: "All ports of this project, id or name.")
    var project: String?

    @Option(help: "All ports with this tag of the configuration's.")
    var tag: String?

    @Option(help: "IN (to the machine), OUT (from it) or BOTH.")
    var direction: String?

    @Option(help: "VLAN ids, such as 2,18-22; 0 is a frame without a tag.")
    var vlanFilter: String?

    @Option(help: "Tap filter, name or id, as it is now.")
    var filter: String?

    @Option(help: "A rule, as those of tap filters; may be given again.")
    var rule: [String] = []

    @Option(help: "reject: frames that the port's policy refuses, or would refuse; accept: all other IP packets.")
    var verdict: String?

    @Option(help: "Bytes of each frame that are kept, from its Ethernet header on.")
    var packetLength: UInt32?

    @Option(help: "Only the first packets of each flow.")
    var firstPackets: UInt32?

    @Option(help: "Only the first octets of each flow.")
    var firstOctets: UInt64?

    @Option(help: "One of so many packets or flows.")
    var sampling: UInt32?

    @Option(help: "packet, or flow: all packets of one of so many flows.")
    var samplingMode: String?

    @Option(help: "Most packets a second, such as 50k.")
    var maxPacketsPerSecond: String?

    @Option(help: "Most bits of frames a second, such as 20M.")
    var maxBitsPerSecond: String?

    func fields() throws -> [String: TapJSON] {
        var fields = TapRequestFields()
        fields.set("source_port", port)
        fields.set("source_ports", ports)
        fields.set("source_vm", vm)
        fields.set("source_project", project)
        fields.set("source_tag", tag)
        fields.set("direction", direction)
        fields.set("vlan_filter", vlanFilter)
        fields.set("filter", filter)
        let rules = try rules()
        if !rules.isEmpty { fields.set("rules", .list(rules.map { .text($0) })) }
        fields.set("packet_length", packetLength)
        fields.set("first_packets", firstPackets)
        fields.set("first_octets", firstOctets)
        fields.set("sampling_rate", sampling)
        fields.set("sampling_mode", samplingMode)
        try fields.set("max_packets_per_second", rate: maxPacketsPerSecond)
        try fields.set("max_bits_per_second", rate: maxBitsPerSecond)
        return fields.values
    }

    private func rules() throws -> [String] {
        guard let verdict else { return rule }
        guard rule.isEmpty, filter == nil else {
            throw UsageError(description: "--verdict is a rule by itself: with others write verdict=\(verdict) there")
        }
        return ["number=1,action=accept,direction=BOTH,verdict=\(verdict)"]
    }

    /// What is chosen of the ports' frames, as a file's head has it; nil: everything.
    var words: String? {
        let words = [
            direction.map { "direction \($0)" }, vlanFilter.map { "vlan \($0)" }, filter.map { "filter \($0)" },
            verdict.map { "verdict \($0)" },
        ]
        let all = words.compactMap(\.self) + rule.map { "rule \($0)" }
        return all.isEmpty ? nil : all.joined(separator: "; ")
    }
}
