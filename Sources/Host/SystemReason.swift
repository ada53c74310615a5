// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage

/// What the system said when something failed, without the wrapping of the library that passed it on.
package func systemReason(_ error: any Error) -> String {
    let underlying = (error as? CocoaError)?.underlying ?? error
    let text = errno(of: underlying)?.description ?? error.localizedDescription
    return text.prefix(1).lowercased() + text.dropFirst()
}

private func errno(of error: any Error) -> Errno? {
    error as? Errno ?? (error as? POSIXError).map { Errno(rawValue: $0.code.rawValue) }
}
