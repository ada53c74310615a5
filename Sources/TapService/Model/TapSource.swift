// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// Which ports a tap flow has for sources: one by its name, or all that have a tag, a project, a machine, a name that matches, also those that
/// come later. Where several are named, a port must have all of them.
package struct TapSource: Equatable, Sendable {
    /// The interface's name, or its id as a directory says.
    package var port: String?
    package var tag: String?
    /// The project's id or name.
    package var project: String?
    /// The machine's id or name.
    package var machine: String?
    /// A pattern of interface names.
    package var pattern: String?

    package init(port: String? = nil) { self.port = port }

    mutating func take(_ fields: inout TapFields) throws(TapError) {
        try fields.take("source_port", "port", into: &port, .interface)
        try fields.take("source_tag", "tag", into: &tag, .name)
        try fields.take("source_project", into: &project, .name)
        try fields.take("source_vm", "vm", into: &machine, .name)
        try fields.take(
            "source_ports", "ports", into: &pattern,
            .text("a pattern of interface names, such as tap*") { GlobPattern($0)?.text })
    }

    package var isEmpty: Bool { self == TapSource() }

    package func covers(_ port: TapPort) -> Bool {
        let identity = port.identity
        if let wanted = self.port, wanted != port.name, wanted != identity.interfaceID { return false }
        if let tag, !port.tags.contains(tag) { return false }
        if let project, project != identity.projectID, project != identity.projectName, project != identity.accountID {
            return false
        }
        if let machine, machine != identity.instanceID, machine != identity.instanceName { return false }
        return pattern.map { GlobPattern($0)?.matches(port.name) == true } ?? true
    }

    /// As sentences name it.
    package var text: String {
        let words = [
            port.map { "port \($0)" }, tag.map { "tag \($0)" }, project.map { "project \($0)" },
            machine.map { "machine \($0)" }, pattern.map { "ports \($0)" },
        ]
        return words.compactMap(\.self).joined(separator: ", ")
    }
}

/// A port that is attached now, as taps see it.
package struct TapPort: Equatable, Sendable {
    package var number: PortNumber
    /// With the number this tells a port from all others, ever.
    package var attached: UnixTime
    package var name: String
    package var interfaceIndex: UInt32
    package var identity: PortIdentity
    package var tags: [String]
    /// Whether the world is behind it.
    package var isUplink: Bool
    /// Why frames of the port cannot be copied, as part of a sentence; nil where they can.
    package var obstacle: String?
    /// Whether its programs send copies; else `weir-mirror` does, which reads them from a ring.
    package var canSend: Bool

    package init(
        number: PortNumber, attached: UnixTime = UnixTime(nanoseconds: 0), name: String, interfaceIndex: UInt32,
        identity: PortIdentity = PortIdentity(), tags: [String] = [], isUplink: Bool = false, obstacle: String? = nil,
        canSend: Bool = true
    ) {
        self.number = number
        self.attached = attached
        self.name = name
        self.interfaceIndex = interfaceIndex
        self.identity = identity
        self.tags = tags
        self.isUplink = isUplink
        self.obstacle = obstacle
        self.canSend = canSend
    }
}

extension PortIdentity {
    /// Whose the port is, for the isolation of taps; nil where no directory says it.
    package var tapProject: String? { projectID ?? accountID }
}
