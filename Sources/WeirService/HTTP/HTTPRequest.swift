// SPDX-License-Identifier: Apache-2.0

package import Host

/// A method of HTTP (RFC 9110 §9) that a route can have.
package enum HTTPMethod: String, CaseIterable, Sendable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
}

/// A request: what the server's routes decide by.
package struct HTTPRequest: Equatable, Sendable {
    /// As the client wrote it; not every method has a route.
    package let method: String
    /// The target up to its question mark, as the client wrote it.
    package let path: String
    /// What follows the question mark, decoded.
    package let query: HTTPQuery
    /// Entity tags that the client has already (`If-None-Match`), as the client wrote them.
    package let knownTags: String?
    /// Empty where the endpoint takes no bodies.
    package var body: [UInt8] = []
    /// Who has sent it; nil where that is not known, as on a TCP port.
    package var peer: SocketPeer?

    package init(method: String, path: String, query: HTTPQuery = HTTPQuery(), knownTags: String? = nil) {
        self.method = method
        self.path = path
        self.query = query
        self.knownTags = knownTags
    }
}

/// The parameters of a query string, in their order: `name=value` joined by `&` (WHATWG URL, application/x-www-form-urlencoded).
package struct HTTPQuery: Equatable, Sendable {
    package struct Parameter: Equatable, Sendable {
        package let name: String
        package let value: String
    }

    package private(set) var parameters: [Parameter] = []

    /// A request has no more parameters.
    package static let mostParameters = 64

    /// No parameters.
    package init() {}

    /// nil where there are too many parameters, where a percent sign is not followed by two hexadecimal digits, or where
    /// the result is not UTF-8 or holds a zero byte.
    package init?(decoding text: Substring) {
        for pair in text.utf8.split(separator: UInt8(ascii: "&")) {
            let parts = pair.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parameters.count < Self.mostParameters, let name = Self.decoded(parts[0]),
                let value = parts.count == 2 ? Self.decoded(parts[1]) : ""
            else { return nil }
            parameters.append(Parameter(name: name, value: value))
        }
    }

    /// The value of the first parameter of that name; empty where the parameter has no `=`.
    package subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }

    /// The values of all parameters of that name.
    package func values(of name: String) -> [String] { parameters.filter { $0.name == name }.map(\.value) }

    private static func decoded(_ text: Substring.UTF8View) -> String? {
        var bytes: [UInt8] = []
        var rest = text[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "+"): bytes.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(digit), let low = rest.popFirst().flatMap(digit),
                    high | low != 0
                else { return nil }
                bytes.append(high << 4 | low)
            case 0: return nil
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    private static func digit(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
