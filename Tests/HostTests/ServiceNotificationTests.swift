// SPDX-License-Identifier: Apache-2.0

import Foundation
import Host
import Testing

@Suite("Service notification")
struct ServiceNotificationTests {
    @Test("a path and an abstract name both get the message as one datagram", arguments: [false, true])
    func send(abstract: Bool) throws {
        let name = "/tmp/weir-\(UUID().uuidString).sock"
        defer { try? FileManager.default.removeItem(atPath: name) }
        let address = abstract ? "@" + name : name
        let receiver = try Receiver(address)
        let notification = try #require(ServiceNotification(environment: ["NOTIFY_SOCKET": address]))
        try notification.send(.ready, .status("measuring 2 ports\nand more"))
        try notification.send(.stopping)
        #expect(receiver.receive() == "READY=1\nSTATUS=measuring 2 ports and more")
        #expect(receiver.receive() == "STOPPING=1")
    }

    @Test("without a manager there is nobody to tell", arguments: [[:], ["NOTIFY_SOCKET": ""]])
    func nobody(environment: [String: String]) {
        #expect(ServiceNotification(environment: environment) == nil)
    }

    @Test(
        "an address that cannot be reached is named in the error",
        arguments: [
            ("/nonexistent/notify", "no such file or directory"),
            ("notify", "address family not supported by protocol"),
            ("/" + String(repeating: "x", count: 108), "file name too long"),
        ])
    func unreachable(address: String, cause: String) throws {
        let notification = try #require(ServiceNotification(environment: ["NOTIFY_SOCKET": address]))
        let error = #expect(throws: KernelError.self) { try notification.send(.ready) }
        #expect(error?.description == "cannot tell the service manager at \(address): \(cause)")
    }
}

/// The manager's end.
private struct Receiver: ~Copyable {
    private let fd: CInt

    init(_ address: String) throws {
        fd = socket(AF_UNIX, CInt(SOCK_DGRAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        var name = sockaddr_un()
        name.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(address.utf8)
        unsafe withUnsafeMutableBytes(of: &name.sun_path) { path in
            unsafe path.copyBytes(from: bytes.first == UInt8(ascii: "@") ? [0] + bytes.dropFirst() : bytes)
        }
        let abstract = bytes.first == UInt8(ascii: "@")
        let length = MemoryLayout<sa_family_t>.size + bytes.count + (abstract ? 0 : 1)
        let result = unsafe withUnsafePointer(to: &name) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { unsafe bind(fd, $0, socklen_t(length)) }
        }
        try #require(result == 0)
    }

    /// The next datagram, or nil if none has come.
    func receive() -> String? {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = unsafe recv(fd, &buffer, buffer.count, CInt(MSG_DONTWAIT))
        return count < 0 ? nil : String(decoding: buffer.prefix(count), as: UTF8.self)
    }

    deinit { close(fd) }
}
