// SPDX-License-Identifier: Apache-2.0

/// What is known of a flow from other sources than its packets. nil is not known.
///
/// A reference that never changes: most records have none, and need not make room for one.
package final class FlowAttribution: Equatable, Sendable {
    /// The interface's own address, where it is not the packet's: AWS `srcaddr` against `pkt-srcaddr`.
    package let interfaceSource: IPAddress?
    package let interfaceDestination: IPAddress?
    package let sourceService: String?
    package let destinationService: String?
    package let trafficPath: Int?

    package init(
        interfaceSource: IPAddress? = nil, interfaceDestination: IPAddress? = nil, sourceService: String? = nil,
        destinationService: String? = nil, trafficPath: Int? = nil
    ) {
        self.interfaceSource = interfaceSource
        self.interfaceDestination = interfaceDestination
        self.sourceService = sourceService
        self.destinationService = destinationService
        self.trafficPath = trafficPath
    }

    package static func == (left: FlowAttribution, right: FlowAttribution) -> Bool {
        left.interfaceSource == right.interfaceSource && left.interfaceDestination == right.interfaceDestination
            && left.sourceService == right.sourceService && left.destinationService == right.destinationService
            && left.trafficPath == right.trafficPath
    }
}
