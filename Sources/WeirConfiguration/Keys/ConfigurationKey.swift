// SPDX-License-Identifier: Apache-2.0

/// One key of the configuration: all that Weir knows of it is declared here, once.
///
/// From the declaration come the reader of the file with its errors, the environment, the merging of what several sources say, the
/// command's flag and its help, what a reload does, `weir config show`, and the key's row in the documentation.
///
/// `Root` is what the keys of a table configure, for example a `Configuration`.
package struct ConfigurationKey<Root: Sendable>: Sendable {
    package let name: String
    /// nil where the command has none.
    package let flag: ConfigurationFlag?
    /// The environment variable that stands for the key.
    package let variable: String?
    package let reload: ReloadRule
    /// What the key is for, its default and its bounds, for the documentation.
    package let documentation: KeyDocumentation
    /// What can be written, where that is one of a few words.
    package let choices: [String]
    let read: @Sendable (Setting) throws(ConfigurationError) -> GivenValue<Root>
    /// What stands for the key; nil where it has no value.
    let value: @Sendable (Root) -> ConfigurationValue?
    let isEqual: @Sendable (Root, Root) -> Bool
    /// Gives the first the value of the second.
    let copy: @Sendable (inout Root, Root) -> Void
    /// Gives the key its default, where that depends on other keys; nil where the root has it already.
    let settle: (@Sendable (inout Root, GivenKeys) -> Void)?

    /// - Parameters:
    ///   - path: where the value is kept. What stands there in a new root is the default.
    ///   - form: how the value is written, and its bounds.
    ///   - defaultText: the default as the documentation has it; nil: the value of a new root.
    ///   - defaultRule: the default, where it depends on other keys. Those that stand above it in the table have their values.
    ///   - text: what the key is for: a cell of a table in Markdown.
    package init<Value>(
        _ name: String, _ path: any WritableKeyPath<Root, Value> & Sendable, _ form: ValueForm<Value>,
        flag: ConfigurationFlag? = nil, variable: String? = nil, reload: ReloadRule = .applied,
        defaultText: String? = nil, defaultRule: (@Sendable (Root, GivenKeys) -> Value)? = nil, _ text: String
    ) {
        self.name = name
        self.flag = flag
        self.variable = variable
        self.reload = reload
        documentation = KeyDocumentation(text: text, defaultText: defaultText, limits: form.limits)
        choices = form.choices
        read = { setting throws(ConfigurationError) in
            let value = try form.read(setting)
            return GivenValue { root in root[keyPath: path] = value }
        }
        value = { root in form.write(root[keyPath: path]) }
        isEqual = { left, right in left[keyPath: path] == right[keyPath: path] }
        copy = { root, other in root[keyPath: path] = other[keyPath: path] }
        if let defaultRule {
            settle = { root, given in root[keyPath: path] = defaultRule(root, given) }
        } else {
            settle = nil
        }
    }
}

extension ConfigurationKey {
    /// The same for a value that there may be none of.
    package init<Value>(
        _ name: String, _ path: any WritableKeyPath<Root, Value?> & Sendable, _ form: ValueForm<Value>,
        flag: ConfigurationFlag? = nil, variable: String? = nil, reload: ReloadRule = .applied,
        defaultText: String? = nil, _ text: String
    ) {
        self.init(
            name, path, form.optional, flag: flag, variable: variable, reload: reload, defaultText: defaultText, text)
    }
}

/// A value that one source gives a key.
package struct GivenValue<Root>: Sendable {
    let put: @Sendable (inout Root) -> Void
}

/// Which keys a source has said something of.
package typealias GivenKeys = [String: ConfigurationSource]

/// What becomes of a key's new value when the daemon reads the configuration again.
package enum ReloadRule: Sendable {
    /// It is in force at once.
    case applied
    /// The one before stays until the daemon is started again.
    case restart
    /// It is for tables that do not exist yet.
    case newTables

    /// Why a new value is not in force; nil where it is.
    package func refusal(of name: String) -> String? {
        switch self {
        case .applied: nil
        case .restart: "\(name): a new value takes a restart of the daemon; the one before stays in force"
        case .newTables:
            "\(name): the tables are there already; they are made anew at a start that finds no port attached"
        }
    }

    /// A cell of the documentation.
    var cell: String {
        switch self {
        case .applied: "at once"
        case .restart: "restart"
        case .newTables: "new tables"
        }
    }
}

/// What the documentation says of a key.
package struct KeyDocumentation: Sendable {
    package let text: String
    let defaultText: String?
    /// The bounds of the value.
    let limits: String?
}
