// SPDX-License-Identifier: Apache-2.0

import FlowModel

extension TapFlowObject {
    /// What it is to do, but for its destination.
    func session(_ filter: TapFilterObject?) -> TapSession {
        var session = TapSession(direction, filter)
        (session.vlans, session.packetLength, session.rate) = (vlans, packetLength, rate)
        (session.firstPackets, session.firstOctets, session.sampling) = (firstPackets, firstOctets, sampling)
        return session
    }
}

extension TapSession {
    /// Without a filter it takes everything of its directions. Its destination is still to be said.
    init(_ way: TapFlowObject.Way, _ filter: TapFilterObject?) {
        self.init(to: .interface(0))
        for direction in way.directions {
            let rules = filter?.rules(of: direction) ?? [TapRule(1, .accept)]
            if direction == .ingress { ingress = rules } else { egress = rules }
        }
    }
}
