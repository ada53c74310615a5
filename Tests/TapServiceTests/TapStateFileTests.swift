// SPDX-License-Identifier: Apache-2.0

import Foundation
import SystemPackage
import TapService
import Testing

/// What outlives the daemon.
@Suite struct TapStateFileTests {
    private let folder: FilePath

    init() throws {
        let url = FileManager.default.temporaryDirectory.appending(path: "taps-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        folder = FilePath(url.path())
    }

    private func path(_ name: String) -> String { folder.appending(name).string }

    private func end() { try? FileManager.default.removeItem(atPath: folder.string) }

    private static func book() throws -> TapBook {
        var fixture = TapFixture(ports: .named("tap7", 7), .named("tap8", 8))
        try fixture.create(.services, "name=mon port=tap9 description=a")
        try fixture.create(.services, "name=far remote_ip=2001:db8::9 vni=77 dscp=8")
        try fixture.create(
            .filters, "name=web", rules: "number=1,action=accept,direction=BOTH,protocol=tcp,tcp-flags=syn,vlan=2")
        try fixture.create(.flows, "name=f ports=tap* tap_service=far filter=web sampling=4 vlan_filter=0,2")
        var fields = TapFixture.fields("name=m port=tap7 remote_ip=192.0.2.9 mirror_type=vxlan")
        fields["directions"] = .object(["IN": .number(102)])
        try fixture.create(.mirrors, fields)
        _ = fixture.compile()
        return fixture.book
    }

    @Test func `a book is read as it was written, with its accounts`() throws {
        defer { end() }
        let (file, book) = (TapStateFile(folder: folder), try Self.book())
        #expect(file.read().book == TapBook() && file.read().failure == nil)
        try file.write(book)
        let read = file.read()
        #expect(read.book == book && read.failure == nil)
    }

    @Test func `a file cut anywhere is kept aside with a sentence, and the daemon goes on without taps`() throws {
        defer { end() }
        let file = TapStateFile(folder: folder)
        try file.write(try Self.book())
        let whole = try Data(contentsOf: URL(filePath: path("taps.json")))
        for length in [0, 1, whole.count / 2, whole.count - 1] {
            let cut = whole.prefix(length)
            try cut.write(to: URL(filePath: path("taps.json")))
            let read = file.read()
            #expect(read.book.isEmpty)
            #expect(
                read.failure
                    == "cannot read tap services from \(path("taps.json")): it is cut, or no file of taps; "
                    + "the daemon goes on without them, and it is kept as taps.json.unread", "\(length)")
            #expect(try Data(contentsOf: URL(filePath: path("taps.json.unread"))) == cut)
            #expect(file.read().failure == nil)
        }
    }

    @Test func `a file of another version, or of other words, is kept aside`() throws {
        defer { end() }
        let file = TapStateFile(folder: folder)
        for (text, reason) in [
            (#"{"version":2,"book":{}}"#, "it is of version 2, and this program reads 1"),
            (#"{"version":1,"book":{"services":[{"id":5}]}}"#, "what it says of taps cannot be read"),
        ] {
            try Data(text.utf8).write(to: URL(filePath: path("taps.json")))
            #expect(file.read().failure?.contains(reason) == true)
        }
    }

    @Test func `what cannot be written changes nothing and says so`() throws {
        end()
        let sentence = TapFixture.refusal { try TapStateFile(folder: folder).write(TapBook()) }
        #expect(
            sentence.hasPrefix("cannot keep tap services in \(path("taps.json"))")
                && sentence.hasSuffix("nothing is changed"))
    }
}
