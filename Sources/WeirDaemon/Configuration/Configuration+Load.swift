// SPDX-License-Identifier: Apache-2.0

import Foundation
import OpenVSwitch

extension Configuration {
    /// Puts a configuration together: a flag decides before the environment, that before the file, that before the default.
    ///
    /// The file is the one that the flag `--config` names, else `WEIR_CONFIG`, else `/etc/weir/weir.yaml`, which need not exist.
    package static func load(
        flags: ConfigurationLayer, configFile: String?, environment: [String: String]
    ) throws(ConfigurationError) -> Configuration {
        let environmentLayer = try ConfigurationLayer(environment: environment)
        let file = try configurationFile(flag: configFile, environment: environment)
        let fileLayer = try file?.layer() ?? ConfigurationLayer()
        let layers = [flags, environmentLayer, fileLayer]
        try refuseFieldsOfJSON(layers)
        let configuration = Configuration(
            layers: layers, defaultFlowLogID: flowLogIDOfThisHost())
        try configuration.refuseUnmarkedStandIns()
        return configuration
    }

    /// A list of fields that has no effect is not what was meant, unless another format stands in for the file's at this start.
    private static func refuseFieldsOfJSON(_ layers: [ConfigurationLayer]) throws(ConfigurationError) {
        guard let fields = layers.firstIndex(where: { $0.fields != nil }),
            let format = layers.firstIndex(where: { $0.format != nil }), layers[format].format == .json,
            fields <= format
        else { return }
        throw ConfigurationError(
            nil, "fields has a meaning only with the format aws; leave it out, or choose that format (--format aws)")
    }

    /// Nothing is passed off as what was seen.
    func refuseUnmarkedStandIns() throws(ConfigurationError) {
        guard ovs?.standsIn == true, format != .json else { return }
        throw ConfigurationError(
            nil, "ovs-stand-in needs the format json: lines of AWS have no field that marks a record which stands in")
    }

    private static func configurationFile(
        flag: String?, environment: [String: String]
    ) throws(ConfigurationError) -> ConfigurationFile? {
        let variable = environment[ConfigurationFile.environmentVariable].flatMap { $0.isEmpty ? nil : $0 }
        if let named = flag ?? variable { return try ConfigurationFile(path: named) }
        guard FileManager.default.fileExists(atPath: ConfigurationFile.defaultPath) else { return nil }
        return try ConfigurationFile(path: ConfigurationFile.defaultPath)
    }

    private static func flowLogIDOfThisHost() -> String {
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
