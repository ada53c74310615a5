// SPDX-License-Identifier: Apache-2.0

/// The flag of the command that stands for a key.
package struct ConfigurationFlag: Sendable {
    package enum Kind: Sendable {
        /// Takes a value: `--interval 5m`.
        case option
        /// Takes a value and may be given again; all of them together are the key's list.
        case repeated
        /// Stands for `true`.
        case truth
    }

    /// What the shell completes the value with.
    package enum Completion: Sendable {
        case none, directory, file, interface
        case files(ending: String)
    }

    package let kind: Kind
    /// Without its dashes; nil: the key's name.
    private let ownName: String?
    /// One line, without its full stop: the variable and the default are added to it.
    package let help: String
    package let completion: Completion

    package static func option(_ help: String, _ completion: Completion = .none) -> Self {
        Self(kind: .option, ownName: nil, help: help, completion: completion)
    }

    /// - Parameter name: of one element, without dashes.
    package static func repeated(_ name: String, _ help: String, _ completion: Completion = .none) -> Self {
        Self(kind: .repeated, ownName: name, help: help, completion: completion)
    }

    package static func truth(_ help: String) -> Self {
        Self(kind: .truth, ownName: nil, help: help, completion: .none)
    }

    /// The flag's name without its dashes.
    package func name(for key: String) -> String { ownName ?? key }
}

extension ConfigurationKey {
    /// `--interval`; nil where the command has no flag for the key.
    package var flagText: String? { flag.map { "--" + $0.name(for: name) } }
}
