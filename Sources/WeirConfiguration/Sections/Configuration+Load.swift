// SPDX-License-Identifier: Apache-2.0

import FlowExport
import FlowModel
import Foundation
import OpenVSwitch

extension Configuration {
    /// Puts a configuration together: a flag decides before the environment, that before the file, that before the default.
    package static func load(
        flags: ConfigurationLayer<Configuration>, configFile: String?, environment: [String: String]
    ) throws(ConfigurationError) -> Configuration {
        try MergedConfiguration(flags: flags, configFile: configFile, environment: environment).root
    }

    /// Asks the layers in turn, the one that decides first; what none says has its default.
    package init(layers: [ConfigurationLayer<Configuration>], defaultFlowLogID: String) {
        self = ConfigurationKeys.all.merge(layers, over: Configuration(flowLogID: defaultFlowLogID)).root
    }

    /// Nothing is passed off as what was seen.
    func refuseUnmarkedStandIns() throws(ConfigurationError) {
        guard ovs?.standsIn == true else { return }
        if allSinks.contains(where: { $0.format == .aws }) || format == .aws {
            throw ConfigurationError(
                nil,
                "ovs-stand-in needs the format json: lines of AWS have no field that marks a record which stands in")
        }
        guard !allSinks.allSatisfy(\.marksStandIns) else { return }
        throw ConfigurationError(
            nil, "ovs-stand-in needs the column observed_at among fields: it marks a record which stands in")
    }

    fileprivate static func flowLogIDOfThisHost() -> String {
        let files = ["/etc/machine-id", "/proc/sys/kernel/hostname"]
        let names = files.lazy.compactMap { try? String(contentsOfFile: $0, encoding: .utf8) }
        return flowLogID(forHost: names.first { !$0.isEmpty } ?? "")
    }

    /// A flow log id that is the same at every start: `fl-` and the 32-bit FNV-1a hash of the host's name.
    ///
    /// A hash, because machine-id(5) asks that the id itself be kept from others.
    package static func flowLogID(forHost name: String) -> String {
        let name = name.split(whereSeparator: \.isWhitespace).joined()
        let hash = name.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
        let digits = String(hash, radix: 16)
        return "fl-" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}

extension MergedConfiguration<Configuration> {
    /// What flags, environment and the configuration file say together.
    ///
    /// The file is the one that the flag `--config` names, else `WEIR_CONFIG`, else `/etc/weir/weir.yaml`, which need not exist.
    package init(
        flags: ConfigurationLayer<Configuration>, configFile: String?, environment: [String: String]
    ) throws(ConfigurationError) {
        let table = ConfigurationKeys.all
        let environmentLayer = try ConfigurationLayer(of: table, environment: environment)
        let file = try ConfigurationFile.chosen(flag: configFile, environment: environment)
        let fileLayer = try file.map { file throws(ConfigurationError) in try ConfigurationLayer(of: table, file) }
        self = table.merge(
            [flags, environmentLayer] + (fileLayer.map { [$0] } ?? []),
            over: Configuration(flowLogID: Configuration.flowLogIDOfThisHost()))
        try refuseFieldsWithoutMeaning()
        try refuseParquetOnStandardOutput()
        try root.refuseUnmarkedStandIns()
    }

    /// A list of fields that has no effect is not what was meant, unless another format stands in for the file's at this start.
    private func refuseFieldsWithoutMeaning() throws(ConfigurationError) {
        guard root.fields != nil else { return }
        if root.format.hasFields {
            guard let error = root.format.fault(of: root.fields) else { return }
            throw ConfigurationError(nil, "fields: \(error)")
        }
        guard decides("fields", over: "format") else { return }
        throw ConfigurationError(
            nil,
            "fields has a meaning only with the formats aws and parquet; leave it out, or choose one of them (--format aws)"
        )
    }

    private func refuseParquetOnStandardOutput() throws(ConfigurationError) {
        guard root.format == .parquet, root.printsLines else { return }
        throw ConfigurationError(
            nil,
            "Parquet is for files, not for standard output: name a folder for them (--log-dir), or choose aws, json or csv (--format)"
        )
    }

    /// Without a port or a switch in the configuration, interfaces that are likely to be guests' are measured.
    package mutating func usePortsOfGuestsIfNone() {
        guard root.ports.isEmpty, root.ovs == nil else { return }
        root.ports = Configuration.usualGuestPorts.compactMap { GlobPattern($0).map { PortRule(pattern: $0) } }
        given["ports"] = nil
    }
}

extension Configuration {
    /// Names that libvirt, OpenStack and people give to the interfaces of guests.
    package static let usualGuestPorts = ["tap*", "vnet*", "veth*"]
}

extension ConfigurationChange<Configuration> {
    /// Compares what is in force with what was read.
    ///
    /// Throws where what is left of the new configuration cannot be meant.
    package init(from old: Configuration, to new: Configuration) throws(ConfigurationError) {
        self.init(from: old, to: new, of: ConfigurationKeys.all)
        try configuration.refuseUnmarkedStandIns()
    }
}
