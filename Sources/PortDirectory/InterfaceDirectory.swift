// SPDX-License-Identifier: Apache-2.0

/// A source that knows whose interfaces are, and which are to be measured: the configuration's rules for ports, the database
/// of a switch, a manager of virtual machines.
///
/// Used from any thread. A source that is away keeps what it said last.
package protocol InterfaceDirectory: Sendable {
    /// As log lines and errors call it, such as `Open vSwitch`; empty where there is nothing to call so now.
    var name: String { get }

    /// What the source says now; nil until it has said anything.
    var listing: PortListing? { get }

    /// Another number after every change of the listing. It is never lower than before.
    var version: Int { get }

    /// Calls the body after every change, on a thread of the source.
    func onChange(_ body: @escaping @Sendable () -> Void)
}

extension InterfaceDirectory {
    /// The listing where it is another than at that version, which is brought up to date; nil otherwise.
    ///
    /// A change that comes at this moment may be handed out twice, and is never missed.
    package func news(since version: inout Int) -> PortListing? {
        let current = self.version
        guard current != version else { return nil }
        version = current
        return listing
    }
}
