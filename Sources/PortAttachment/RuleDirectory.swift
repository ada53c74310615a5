// SPDX-License-Identifier: Apache-2.0

package import PortDirectory
package import WeirConfiguration

/// The configuration's rules for ports, as a directory of interfaces: the first of all, which the others complete. A
/// configuration that is read again is another one.
package struct RuleDirectory: InterfaceDirectory {
    package let name = "the configuration"
    package let version = 1
    package let rules: PortListing

    package init(_ configuration: Configuration) {
        rules = PortListing { name in
            let rule = configuration.rule(forPort: name)
            return PortFacts(
                identity: configuration.identity(forPort: name), tags: rule?.tags ?? [],
                measuring: rule.map { $0.isMeasured ? .always : .never })
        }
    }

    package var listing: PortListing? { rules }

    package func onChange(_ body: @escaping @Sendable () -> Void) {}
}
