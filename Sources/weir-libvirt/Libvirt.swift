// SPDX-License-Identifier: Apache-2.0

import CLibvirt

/// A read-only connection to libvirt. Used from one thread at a time; every call can block for as long as libvirt does.
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

    /// Has changes told of, of one connection alone.
    func follow() { unsafe weir_libvirt_follow(connection) }

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

    /// The figures of all machines.
    func statistics() throws(Failure) -> Statistics {
        var records: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
        let count = unsafe weir_libvirt_statistics(connection, &records)
        guard count >= 0, let list = unsafe records else {
            throw Failure(description: "cannot read the statistics of libvirt's machines: \(Self.error)")
        }
        return unsafe Statistics(records: list, count: Int(count))
    }

    private static var error: String { unsafe String(cString: weir_libvirt_error()) }
}

extension Libvirt {
    /// The figures of all machines at one moment.
    @safe struct Statistics: ~Copyable {
        /// `unsafe`: a list of the library's, which this owns.
        private let records: UnsafeMutablePointer<UnsafeMutableRawPointer?>
        let count: Int

        fileprivate init(records: UnsafeMutablePointer<UnsafeMutableRawPointer?>, count: Int) {
            unsafe self.records = unsafe records
            self.count = count
        }

        deinit { unsafe weir_libvirt_forget(records) }

        enum Figure: Equatable {
            case number(UInt64)
            case text(String)
        }

        struct Machine: Equatable {
            var name: String
            var uuid: String
            /// Another number after each start, -1 while it does not run.
            var life: Int
        }

        /// nil where libvirt has forgotten it.
        func machine(_ index: Int) -> Machine? {
            var machine = unsafe weir_libvirt_machine()
            guard let record = unsafe records[index], unsafe weir_libvirt_machine(record, &machine) == 0 else {
                return nil
            }
            let uuid = unsafe withUnsafePointer(to: machine.uuid) { tuple in
                unsafe tuple.withMemoryRebound(to: CChar.self, capacity: 37) { unsafe String(cString: $0) }
            }
            return unsafe Machine(name: String(cString: machine.name), uuid: uuid, life: Int(machine.life))
        }

        /// Calls the body with each figure of a machine. Negative numbers, by which libvirt says that it does not know, are left out.
        func forEachFigure(of index: Int, _ body: (String, Figure) -> Void) {
            guard let record = unsafe records[index] else { return }
            var figure = unsafe weir_libvirt_figure()
            var place: CInt = 0
            while unsafe weir_libvirt_figure(record, place, &figure) == 0 {
                place += 1
                let name = unsafe String(cString: figure.name)
                if unsafe figure.is_number != 0, let number = unsafe UInt64(exactly: figure.number) {
                    body(name, .number(number))
                } else if let text = unsafe figure.text {
                    unsafe body(name, .text(String(cString: text)))
                }
            }
        }
    }
}
