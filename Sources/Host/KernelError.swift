// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the kernel refused, said so that an operator can act on it.
package struct KernelError: Error, Equatable, Sendable, CustomStringConvertible {
    /// What was refused, by kind.
    package enum Code: Equatable, Sendable {
        /// A privilege is missing.
        case notPermitted
        /// The object that was named does not exist.
        case notFound
        /// Somebody else, or we ourselves, are there already.
        case busy
        /// This kernel or device cannot do it.
        case unsupported
        /// What was asked for cannot be meant.
        case invalid
        /// Anything else, by errno.
        case system(CInt)
    }

    package let code: Code
    /// What failed and on what: "cannot attach to tap0".
    package let failure: String
    /// Why, as far as is known.
    package let cause: String
    /// What to do about it.
    package let remedy: String?

    package init(_ code: Code, _ failure: String, cause: String, remedy: String? = nil) {
        self.code = code
        self.failure = failure
        self.cause = cause
        self.remedy = remedy
    }

    package var description: String {
        let sentence = "\(failure): \(cause)"
        guard let remedy else { return sentence }
        return "\(sentence); \(remedy)"
    }
}

extension KernelError {
    /// An error of a system call or of libbpf.
    ///
    /// - Parameter errno: positive, or negative as libbpf returns it.
    package init(errno: CInt, _ failure: String) {
        let errno = errno.magnitude == 0 ? EIO : CInt(errno.magnitude)
        self.init(Code(errno: errno), failure, cause: Self.cause(of: errno), remedy: Self.remedy(for: errno))
    }

    package static func cause(of errno: CInt) -> String {
        let text = unsafe String(cString: strerror(errno))
        return text.prefix(1).lowercased() + text.dropFirst()
    }

    private static func remedy(for errno: CInt) -> String? {
        switch errno {
        case EPERM, EACCES:
            Capability.missingSentence ?? "the kernel's lockdown or a security module may forbid it"
        case ENOMEM: "ask for fewer flows, or give the service a larger memory limit"
        default: nil
        }
    }
}

extension KernelError.Code {
    package init(errno: CInt) {
        self =
            switch errno {
            case EPERM, EACCES: .notPermitted
            case ENOENT, ENODEV, ESRCH: .notFound
            case EBUSY, EEXIST: .busy
            case EOPNOTSUPP, ENOSYS: .unsupported
            case EINVAL: .invalid
            default: .system(errno)
            }
    }
}
