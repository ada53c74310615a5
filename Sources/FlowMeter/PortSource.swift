// SPDX-License-Identifier: Apache-2.0

package import FlowModel

/// A source whose counters are those of ports, which come and go.
package protocol PortSource: FlowSource, ~Copyable {
    /// Ports that are detached, and whose last window is the open one.
    func closingPorts() throws(Failure) -> [PortNumber]

    /// Forgets ports whose last window is released.
    func forget(_ ports: [PortNumber]) throws(Failure)

    /// Whether the tables of the open window are so full that they should be emptied before its edge.
    var isFillingUp: Bool { get }
}
