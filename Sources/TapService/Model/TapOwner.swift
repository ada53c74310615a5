// SPDX-License-Identifier: Apache-2.0

/// Who has asked for a change, when, and by which process.
package struct TapOwner: Codable, Equatable, Sendable {
    package var user: UInt32
    package var process: Int32
    /// Of the process; nil where it is not known.
    package var command: String?
    /// Unix time in seconds.
    package var time: Int64

    package init(user: UInt32, process: Int32, command: String? = nil, time: Int64) {
        self.user = user
        self.process = process
        self.command = command
        self.time = time
    }

    private enum CodingKeys: String, CodingKey {
        case user = "user_id"
        case process = "process_id"
        case command, time
    }

    /// As the log has it.
    package var text: String {
        "user \(user)" + (process > 0 ? ", process \(process)" : "") + (command.map { " (\($0))" } ?? "")
    }
}

/// What all objects of tap services have. Fields and names are those of OpenStack's Tap-as-a-Service, where it has them.
package protocol TapObject: Codable, Equatable, Sendable {
    /// As sentences call it.
    static var noun: String { get }
    var id: String { get }
    var name: String { get }
    var projectID: String? { get }
    var created: TapOwner { get }
    var updated: TapOwner? { get set }

    init(id: String, created: TapOwner)
    /// Takes the fields of a request.
    mutating func take(_ fields: inout TapFields) throws(TapError)
    /// - Throws: where the fields do not go together.
    func check() throws(TapError)
}

extension TapObject {
    /// Takes all fields of a request, or nothing.
    package mutating func change(_ values: [String: TapJSON]) throws(TapError) {
        var (new, fields) = (self, TapFields(Self.noun, values))
        try new.take(&fields)
        try fields.finish()
        try new.check()
        self = new
    }

    /// As sentences name it.
    package var title: String { "\(Self.noun) \(name.isEmpty ? id : name)" }
}

/// How an object stands, in OpenStack's words.
package enum TapStatus: String, Codable, Equatable, Sendable, CaseIterable {
    case active = "ACTIVE"
    /// It waits for a port, or is switched off.
    case down = "DOWN"
    /// The kernel does not take it.
    case error = "ERROR"
    case pendingCreate = "PENDING_CREATE"
    case pendingUpdate = "PENDING_UPDATE"
    case pendingDelete = "PENDING_DELETE"
}
