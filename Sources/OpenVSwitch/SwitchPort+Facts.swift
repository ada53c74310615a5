// SPDX-License-Identifier: Apache-2.0

package import PortDirectory

extension SwitchPort {
    /// What the port says of its interface.
    ///
    /// - Parameter isFollowed: whether guests of its bridge are measured.
    package func facts(isFollowed: Bool) -> PortFacts {
        PortFacts(
            identity: identity, address: attachedAddress, measuring: isFollowed ? measuring : nil, way: way,
            isOpening: way != nil && way != .kernel && number == nil && error == nil)
    }

    private var measuring: PortFacts.Measuring? {
        switch guest {
        case .yes: .whileListed
        case .ifVirtual: .whileListedIfVirtual
        case .no: nil
        }
    }
}

extension PortListing {
    /// What a switch says of its ports' interfaces.
    package init(_ ports: SwitchPorts, of choice: SwitchChoice) {
        let facts = ports.all.map { ($0.name, $0.facts(isFollowed: choice.follows($0))) }
        self.init(Dictionary(facts) { $1 })
    }
}
