// SPDX-License-Identifier: Apache-2.0

/// How a value is written: reads what the operator wrote, and writes it back so that it would be read again.
package struct ValueForm<Value: Equatable & Sendable>: Sendable {
    /// The bounds, for the documentation.
    let limits: String?
    /// What can be written, where that is one of a few words.
    let choices: [String]
    let read: @Sendable (Setting) throws(ConfigurationError) -> Value
    /// nil where there is no value.
    let write: @Sendable (Value) -> ConfigurationValue?

    init(
        limits: String? = nil, choices: [String] = [],
        read: @escaping @Sendable (Setting) throws(ConfigurationError) -> Value,
        write: @escaping @Sendable (Value) -> ConfigurationValue?
    ) {
        self.limits = limits
        self.choices = choices
        self.read = read
        self.write = write
    }

    /// The same for a value that there may be none of.
    package var optional: ValueForm<Value?> {
        let (read, write) = (read, write)
        return ValueForm<Value?>(
            limits: limits, choices: choices, read: { setting throws(ConfigurationError) in try read(setting) },
            write: { $0.flatMap(write) })
    }
}

extension ValueForm<Bool> {
    package static var truth: Self {
        Self(read: { setting throws(ConfigurationError) in try setting.truth() }, write: { .truth($0) })
    }
}

extension ValueForm<Int> {
    package static func count(_ range: ClosedRange<Int>) -> Self {
        Self(
            limits: "\(range.lowerBound) to \(range.upperBound)",
            read: { setting throws(ConfigurationError) in try setting.count(range) }, write: { .number($0) })
    }

    /// Bytes.
    package static func size(_ range: ClosedRange<Int>) -> Self {
        Self(
            limits: "\(ByteCountText.text(range.lowerBound)) to \(ByteCountText.text(range.upperBound))",
            read: { setting throws(ConfigurationError) in try setting.size(range) },
            write: { .text(ByteCountText.text($0)) })
    }
}

extension ValueForm<UInt64> {
    /// Bytes.
    package static func wideSize(_ range: ClosedRange<Int>) -> Self {
        let form = ValueForm<Int>.size(range)
        return Self(
            limits: form.limits,
            read: { setting throws(ConfigurationError) in UInt64(try form.read(setting)) },
            write: { form.write(Int($0)) })
    }
}

extension ValueForm<Double> {
    /// A part of a whole.
    package static var share: Self {
        Self(
            limits: "1% to 100%", read: { setting throws(ConfigurationError) in try setting.share() },
            write: { .text("\(Int(($0 * 100).rounded()))%") })
    }
}

extension ValueForm<Duration> {
    package static func duration(_ range: ClosedRange<Duration>) -> Self {
        Self(
            limits: "\(range.lowerBound.configurationText) to \(range.upperBound.configurationText)",
            read: { setting throws(ConfigurationError) in try setting.duration(range) },
            write: { .text($0.configurationText) })
    }
}

extension ValueForm {
    /// One of a few words.
    package static func choice(_ values: [Value], named name: @escaping @Sendable (Value) -> String) -> Self {
        Self(
            choices: values.map(name),
            read: { setting throws(ConfigurationError) in try setting.choice(values, named: name) },
            write: { .text(name($0)) })
    }
}

extension ValueForm where Value: CaseIterable & RawRepresentable<String> {
    /// One of the type's words.
    package static var word: Self { .choice(Array(Value.allCases), named: { $0.rawValue }) }
}

extension ValueForm<String> {
    package static var path: Self {
        Self(read: { setting throws(ConfigurationError) in try setting.path() }, write: { .text($0) })
    }

    package static var socketPath: Self {
        Self(
            limits: "at most 107 bytes", read: { setting throws(ConfigurationError) in try setting.socketPath() },
            write: { .text($0) })
    }

    package static var identifier: Self {
        Self(read: { setting throws(ConfigurationError) in try setting.identifier() }, write: { .text($0) })
    }

    package static var name: Self {
        Self(read: { setting throws(ConfigurationError) in try setting.displayName() }, write: { .text($0) })
    }
}
