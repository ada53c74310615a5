// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// How a value of a request is read: from JSON's own kind, or from text, as options of the command have it.
package struct TapReader<Value> {
    /// What it must be, in a sentence.
    let form: String
    let read: (TapJSON) -> Value?

    package init(_ form: String, _ read: @escaping (TapJSON) -> Value?) {
        self.form = form
        self.read = read
    }

    /// The same of a text.
    package static func text(_ form: String, _ read: @escaping (String) -> Value?) -> Self {
        Self(form) { value in
            switch value {
            case .text(let text): read(text)
            case .number(let number): read("\(number)")
            default: nil
            }
        }
    }
}

extension TapReader where Value: FixedWidthInteger {
    package static func number(_ range: ClosedRange<Value>) -> Self {
        .text("a number from \(range.lowerBound) to \(range.upperBound)") { text in
            Value(text).flatMap { range.contains($0) ? $0 : nil }
        }
    }
}

extension TapReader<String> {
    /// What its owner calls an object.
    package static var name: Self {
        .text("1 to 128 bytes without control characters") { PortIdentity.isName($0) ? $0 : nil }
    }

    package static var description: Self {
        .text("at most 255 bytes without control characters") { text in
            text.utf8.count <= 255 && (text.isEmpty || PortIdentity.isName(String(text.prefix(1))))
                && text.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control } ? text : nil
        }
    }

    package static var interface: Self {
        .text("the name of an interface") { text in
            let name = InterfaceName.canonical(text)
            return name.isEmpty || name.contains(where: { $0.isWhitespace || $0 == "/" }) ? nil : name
        }
    }
}

extension TapReader<Bool> {
    package static var truth: Self {
        Self("true or false") { value in
            switch value {
            case .truth(let truth): truth
            case .text("true"): true
            case .text("false"): false
            default: nil
            }
        }
    }
}

extension TapReader where Value: CaseIterable & RawRepresentable<String> {
    /// One of the type's words, in any case.
    package static var word: Self {
        .text(Value.allCases.map(\.rawValue).listed(by: "or")) { text in
            Value.allCases.first { $0.rawValue.lowercased() == text.lowercased() }
        }
    }
}
