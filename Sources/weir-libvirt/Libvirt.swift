// SPDX-License-Identifier: Apache-2.0

import CLibvirt

/// A read-only connection to libvirt. Used from one thread; every call can block for as long as libvirt does.
@safe struct Libvirt: ~Copyable {
    /// `unsafe`: an object of the library, which this owns.
    private let connection: UnsafeMutableRawPointer

    /// Why libvirt cannot be used, in a sentence.
    struct Failure: Error, CustomStringConvertible { let description: String }

    /// What has happened.
    struct Changes: OptionSet {
        let rawValue: CInt
        /// A machine or one of its devices came, went or changed.
        static let machines = Changes(rawValue: WEIR_LIBVIRT_CHANGED)
        /// libvirt has gone away.
        static let closed = Changes(rawValue: WEIR_LIBVIRT_CLOSED)
    }

    /// Looks for the library. To be called once, before anything else.
    static func load() -> Bool { weir_libvirt_load() == 0 }

    init(_ uri: String) throws(Failure) {
        guard let connection = unsafe weir_libvirt_connect(uri) else {
            throw Failure(description: "cannot connect to libvirt at \(uri): \(Self.error)")
        }
        unsafe self.connection = unsafe connection
    }

    deinit { unsafe weir_libvirt_disconnect(connection) }

    /// Waits for changes, a second at most.
    func wait() throws(Failure) -> Changes {
        let flags = weir_libvirt_wait()
        guard flags >= 0 else { throw Failure(description: "cannot wait for what libvirt tells: \(Self.error)") }
        return Changes(rawValue: flags)
    }

    /// The XML of each machine that runs.
    func machines() throws(Failure) -> [String] {
        var documents: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
        let count = unsafe weir_libvirt_machines(connection, &documents)
        guard count >= 0, let list = unsafe documents else {
            throw Failure(description: "cannot list libvirt's machines: \(Self.error)")
        }
        defer { unsafe weir_libvirt_release(list, count) }
        return (0..<Int(count)).compactMap { index in
            unsafe list[index].map { document in unsafe String(cString: document) }
        }
    }

    private static var error: String { unsafe String(cString: weir_libvirt_error()) }
}
