// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Foundation
import PortDirectory
import SystemPackage
import Testing

@Suite struct PortNotesTests {
    private struct Registered: NotablePort {
        var number: PortNumber
        var attached: UnixTime
        var name: String
    }

    private static func board(_ name: String, _ listing: PortListing) -> ListingBoard {
        let board = ListingBoard(name)
        board.take(listing)
        return board
    }

    private static func port(_ number: UInt16, _ name: String, attached: Int64 = 7) -> Registered {
        Registered(number: PortNumber(number), attached: UnixTime(nanoseconds: attached), name: name)
    }

    private static func facts(_ interface: String?, _ instance: String? = nil) -> PortFacts {
        PortFacts(identity: PortIdentity(interfaceID: interface, instanceID: instance))
    }

    /// Runs the body with a file of notes in a folder of its own.
    private static func withFile(_ body: (URL) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appending(path: "weir-t-notes-\(UUID())")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(at: folder) }
        try body(folder.appending(path: PortNotes.fileName))
    }

    @Test func `what was said outlives the directory's forgetting and the daemon, while the port is registered`() throws
    {
        try Self.withFile { file in
            let (one, two) = (Self.port(1, "tap1"), Self.port(2, "tap2"))
            let notes = PortNotes(FilePath(file.path()))
            let listing: PortListing = ["tap1": Self.facts("eni-1", "i-1"), "tap2": Self.facts("eni-2")]
            let ways = [one.number: FrameWay.afxdp(.native)]
            #expect(notes.take(listing, here: [one, two], registered: [one, two]) { ways[$0.number] } == nil)
            // The directory has neither any more, and one is detached.
            #expect(notes.take([:], here: [two], registered: [one, two]) { _ in nil } == nil)

            let next = PortNotes(FilePath(file.path()))
            #expect(next.identity(of: one) == PortIdentity(interfaceID: "eni-1", instanceID: "i-1"))
            #expect(next.identity(of: two) == PortIdentity(interfaceID: "eni-2"))
            #expect(next.way(of: one) == .afxdp(.native) && next.way(of: two) == nil)
            #expect(next.identity(of: Self.port(1, "tap1", attached: 8)) == nil, "another port of that number")

            #expect(next.take([:], here: [two], registered: [two]) { _ in nil } == nil)
            #expect(next.identity(of: one) == nil && next.identity(of: two) != nil)
        }
    }

    @Test func `what no directory says any more is forgotten at a window's end, of ports that stay`() throws {
        try Self.withFile { file in
            let ports = (1...4).map { Self.port(UInt16($0), "tap\($0)") }
            let notes = PortNotes(FilePath(file.path()))
            let all = PortListing(Dictionary(uniqueKeysWithValues: ports.map { ($0.name, Self.facts("eni", $0.name)) }))
            func known() -> [String?] { ports.map { notes.identity(of: $0)?.instanceID } }
            _ = notes.take(all, here: ports, registered: ports) { _ in nil }
            // A directory has not told all yet.
            let part = PortListing(isComplete: false) { _ in nil }
            _ = notes.take(part, here: ports, registered: ports) { _ in nil }
            notes.endWindow(staying: ports)
            #expect(known() == ["tap1", "tap2", "tap3", "tap4"])
            // One is still known, one was attached on the word of a directory, and one is closing.
            let some: PortListing = ["tap1": Self.facts("eni", "tap1")]
            _ = notes.take(some, here: Array(ports[..<3]), registered: ports) {
                $0.name == "tap2" ? .afxdp(.native) : nil
            }
            #expect(known() == ["tap1", "tap2", "tap3", "tap4"])
            notes.endWindow(staying: Array(ports[..<3]))
            #expect(known() == ["tap1", "tap2", nil, "tap4"])
            #expect(PortNotes(FilePath(file.path())).identity(of: ports[2]) == nil)
            _ = notes.take(all, here: ports, registered: ports) { _ in nil }
            #expect(known() == ["tap1", "tap2", "tap3", "tap4"])
        }
    }

    @Test func `names outlive the daemon, and a machine that is renamed has its new one`() throws {
        try Self.withFile { file in
            let port = Self.port(1, "tap1")
            var identity = PortIdentity(
                interfaceID: "eni-1", instanceID: "i-1", instanceName: "web 1", projectID: "p-1", projectName: "Läden")
            for name in ["web 1", "web 2"] {
                identity.instanceName = name
                let notes = PortNotes(FilePath(file.path()))
                let addresses = [IPAddress(v4: 0x0A00_0001), IPAddress(v6High: 0xFD00 << 48, low: 1)]
                let listing: PortListing = ["tap1": PortFacts(identity: identity, addresses: addresses)]
                #expect(notes.take(listing, here: [port], registered: [port]) { _ in nil } == nil)
                #expect(PortNotes(FilePath(file.path())).identity(of: port) == identity)
                #expect(PortNotes(FilePath(file.path())).addresses(of: port) == addresses)
            }
            // As a daemon reads it that does not know names.
            let written = try JSONSerialization.jsonObject(with: try Data(contentsOf: file)) as? [[String: Any]]
            #expect(written?.map { $0["instanceID"] as? String } == ["i-1"])
            // The directory says less: so much is known.
            let notes = PortNotes(FilePath(file.path()))
            #expect(notes.take(["tap1": Self.facts("eni-1")], here: [port], registered: [port]) { _ in nil } == nil)
            #expect(notes.identity(of: port) == PortIdentity(interfaceID: "eni-1") && notes.addresses(of: port) == [])
        }
    }

    @Test func `a directory that has said nothing since the start keeps what it noted`() {
        let port = Self.port(1, "tap1")
        let (machines, vSwitch) = (ListingBoard("machines"), ListingBoard("switch"))
        let merged = MergedDirectory([vSwitch, machines])
        let notes = PortNotes(nil)
        let take = { _ = notes.take(merged.listing ?? [:], here: [port], registered: [port]) { _ in nil } }
        vSwitch.take(["tap1": Self.facts("eni-1")])
        machines.take(["tap1": Self.facts(nil, "i-1")])
        take()
        #expect(notes.identity(of: port) == PortIdentity(interfaceID: "eni-1", instanceID: "i-1"))

        // The next daemon hears the switch first.
        let later = MergedDirectory([
            Self.board("switch", ["tap1": Self.facts("eni-new")]), ListingBoard("machines"),
        ])
        _ = notes.take(later.listing ?? [:], here: [port], registered: [port]) { _ in nil }
        #expect(notes.identity(of: port) == PortIdentity(interfaceID: "eni-new", instanceID: "i-1"))

        // The machine's directory is there again, and does not know the machine.
        machines.take(["tap1": PortFacts()])
        take()
        #expect(notes.identity(of: port) == PortIdentity(interfaceID: "eni-1"))
    }

    /// As daemons of every release have written it.
    @Test func `the file is a list in JSON, and what is none is as if it were not there`() throws {
        try Self.withFile { file in
            let text =
                #"[{"attachedNanoseconds":7,"instanceID":"i-1","interfaceID":"eni-1","number":1,"#
                + #""way":{"afxdp":{"_0":"generic"}}},{"attachedNanoseconds":8,"number":2,"way":{"kernel":{}}}]"#
            try Data(text.utf8).write(to: file)
            let notes = PortNotes(FilePath(file.path()))
            let one = Self.port(1, "tap1")
            #expect(notes.identity(of: one) == PortIdentity(interfaceID: "eni-1", instanceID: "i-1"))
            #expect(notes.way(of: one) == .afxdp(.generic))
            let two = Self.port(2, "tap2", attached: 8)
            #expect(notes.identity(of: two) == PortIdentity() && notes.way(of: two) == .kernel)

            #expect(notes.take([:], here: [one], registered: [one]) { _ in .kernel } == nil)
            let written = try JSONSerialization.jsonObject(with: try Data(contentsOf: file))
            let sorted = try JSONSerialization.data(withJSONObject: written, options: [.sortedKeys])
            #expect(
                String(decoding: sorted, as: UTF8.self) == #"[{"attachedNanoseconds":7,"instanceID":"i-1","#
                    + #""interfaceID":"eni-1","number":1,"way":{"kernel":{}}}]"#)

            try Data("no list".utf8).write(to: file)
            #expect(PortNotes(FilePath(file.path())).identity(of: one) == nil)
        }
    }

    @Test func `that notes cannot be kept is said`() {
        let port = Self.port(1, "tap1")
        let notes = PortNotes("/nowhere/at/all")
        #expect(notes.take(["tap1": Self.facts("eni-1")], here: [port], registered: [port]) { _ in nil } != nil)
        #expect(notes.identity(of: port)?.interfaceID == "eni-1", "it is known nevertheless")
    }
}
