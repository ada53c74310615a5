// SPDX-License-Identifier: Apache-2.0

/// Why a request about tap services is not done, in one sentence.
package struct TapError: Error, Equatable, CustomStringConvertible {
    package enum Kind: Sendable {
        /// A value cannot be meant.
        case wrong
        /// What the request names is not there.
        case unknown
        /// It does not go with what is there.
        case conflict
        /// It would carry frames from one account to another.
        case forbidden
        /// The host could not do it.
        case failed
    }

    package let kind: Kind
    package let description: String

    package init(_ kind: Kind, _ description: String) {
        self.kind = kind
        self.description = description
    }
}
