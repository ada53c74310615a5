// SPDX-License-Identifier: Apache-2.0

/// One connection to the database of Open vSwitch: asks for its interfaces, ports and bridges, and follows their changes
/// (RFC 7047, `monitor`). A pure state machine: it is given what has come, and says what is to be sent.
///
/// An error ends the connection; the caller keeps what it has read.
package struct OVSDBSession: Sendable {
    /// What has come of some bytes.
    package struct Progress: Equatable, Sendable {
        /// The tables are others now.
        package var hasChanged = false
        /// Notifications that are none of ours: said, and otherwise ignored.
        package var unknownMethods: [String] = []

        package init() {}
    }

    /// What is known; nil until the database has listed all.
    package private(set) var tables: OVSDBTables?
    private var outgoing: [UInt8]
    private var stream = JSONStream(limit: longestMessage)
    private var heard: ContinuousClock.Instant
    private var isProbed = false

    /// Some 30,000 interfaces, in one list.
    package static let longestMessage = 32 << 20
    /// After as long a silence the database is asked whether it is there, and after another it is given up.
    package static let patience = Duration.seconds(10)

    package init(now: ContinuousClock.Instant) {
        heard = now
        outgoing = Self.request.bytes
    }

    /// What is to be sent now, once.
    package mutating func takeOutgoing() -> [UInt8] {
        defer { outgoing = [] }
        return outgoing
    }

    /// When `tick` is to be called, if nothing comes before.
    package var deadline: ContinuousClock.Instant { heard + Self.patience * (isProbed ? 2 : 1) }

    /// Asks a silent database whether it is there; throws where it was asked and has not answered.
    package mutating func tick(now: ContinuousClock.Instant) throws(OVSDBFailure) {
        guard now >= deadline else { return }
        guard !isProbed else { throw .silent(Self.patience * 2) }
        isProbed = true
        outgoing += JSONValue.object(["method": "echo", "params": [], "id": .string(Self.probe)]).bytes
    }

    /// Takes what the database has sent.
    package mutating func take(_ bytes: [UInt8], now: ContinuousClock.Instant) throws(OVSDBFailure) -> Progress {
        heard = now
        isProbed = false
        var progress = Progress()
        for message in try messages(bytes) { try take(message, &progress) }
        return progress
    }

    private mutating func messages(_ bytes: [UInt8]) throws(OVSDBFailure) -> [[UInt8]] {
        do throws(JSONStream.Broken) {
            return try stream.take(bytes)
        } catch {
            switch error {
            case .notAnObject: throw .nonsense("something that is no JSON object")
            case .tooLong: throw .nonsense("a message of more than \(Self.longestMessage >> 20) MiB")
            }
        }
    }
}

extension OVSDBSession {
    private static let database = "Open_vSwitch"
    private static let list = "weir-list"
    private static let probe = "weir-probe"
    private static let monitor: JSONValue = "weir"

    package static let columns: [String: [String]] = [
        "Interface": ["name", "type", "ofport", "ifindex", "mac_in_use", "options", "external_ids", "error"],
        "Port": ["name", "interfaces"],
        "Bridge": ["name", "ports", "datapath_type", "external_ids"],
    ]

    private static var request: JSONValue {
        let tables = columns.mapValues { columns in
            JSONValue.object(["columns": .array(columns.map { .string($0) })])
        }
        return [
            "method": "monitor", "params": [.string(database), monitor, .object(tables)], "id": .string(list),
        ]
    }

    private mutating func take(_ bytes: [UInt8], _ progress: inout Progress) throws(OVSDBFailure) {
        let message: JSONValue
        do throws(JSONReader.Malformed) {
            message = try JSONReader.value(of: bytes)
        } catch {
            throw .nonsense("\(error)")
        }
        guard let members = message.object else { throw .nonsense("something that is no JSON object") }
        if let method = members["method"]?.string {
            try notice(method, members, &progress)
        } else {
            try answer(members, &progress)
        }
    }

    private mutating func notice(
        _ method: String, _ members: [String: JSONValue], _ progress: inout Progress
    ) throws(OVSDBFailure) {
        switch method {
        case "echo":
            outgoing +=
                JSONValue.object([
                    "id": members["id"] ?? nil, "error": nil, "result": members["params"] ?? [],
                ]).bytes
        case "update":
            let parameters = members["params"]?.array ?? []
            guard parameters.count == 2, parameters[0] == Self.monitor else {
                throw .nonsense("an update without a request")
            }
            guard tables != nil else { throw .nonsense("an update before the list") }
            try tables?.take(parameters[1])
            progress.hasChanged = true
        default: progress.unknownMethods.append(method)
        }
    }

    private mutating func answer(
        _ members: [String: JSONValue], _ progress: inout Progress
    ) throws(OVSDBFailure) {
        switch members["id"]?.string {
        case Self.list:
            if let error = members["error"], error != .null { throw .refused(Self.text(of: error)) }
            var listed = OVSDBTables()
            try listed.take(members["result"] ?? nil)
            tables = listed
            progress.hasChanged = true
        case Self.probe: break
        default: throw .nonsense("an answer without a request")
        }
    }

    /// Of an `<error>`: a word and sometimes an explanation (RFC 7047 §3.1).
    private static func text(of error: JSONValue) -> String {
        let words = [error.object?["error"], error.object?["details"]].compactMap { $0?.string }
        return (words.isEmpty ? String(decoding: error.bytes, as: UTF8.self) : words.joined(separator: ": ")).quoted
    }
}
