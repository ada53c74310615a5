// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowTestKit
import Glibc
import SystemPackage
import Testing

@Suite struct SimulatedDiskTests {
    /// A folder of a disk, and a process that has it open.
    private struct Site {
        let disk: SimulatedDisk
        let process: SimulatedProcess
        let folder: HeldFolder

        init(seed: UInt64) throws {
            disk = SimulatedDisk(seed: seed)
            process = disk.start()
            folder = try HeldFolder("/var/lib", .ours, create: 0o755, on: process)
        }

        func make(_ name: String, _ text: String, synced: Bool) throws {
            let file = try folder.open(name, O_WRONLY | O_CREAT)
            try file.writeAll(Array(text.utf8))
            if synced { try file.synchronize() }
            try file.close()
        }

        /// The files that the next process finds after a crash of the host.
        func crash() -> [String: String] {
            disk.crash()
            return disk.files.reduce(into: [:]) { files, file in
                files[String(file.key.split(separator: "/").last ?? "")] = String(decoding: file.value, as: UTF8.self)
            }
        }
    }

    private static let seeds: ClosedRange<UInt64> = 1...200

    @Test func `what is synced with its name survives every crash`() throws {
        for seed in Self.seeds {
            let site = try Site(seed: seed)
            try site.folder.replace("id", with: Array("seven".utf8))
            try site.make("other", "not synced", synced: false)
            #expect(site.crash()["id"] == "seven")
        }
    }

    @Test func `what is not synced survives some crashes, whole, in part, or not at all`() throws {
        var found: Set<String?> = []
        let text = String(repeating: "0123456789abcdef", count: 512)
        for seed in Self.seeds {
            let site = try Site(seed: seed)
            try site.make("file", text, synced: false)
            found.insert(site.crash()["file"])
        }
        #expect(found.contains(nil) && found.contains("") && found.contains(text) && found.count > 5)
    }

    @Test func `a name that is not synced may be lost although the content is on the disk`() throws {
        var found: Set<String?> = []
        for seed in Self.seeds {
            let site = try Site(seed: seed)
            try site.make("file", "text", synced: true)
            found.insert(site.crash()["file"])
        }
        #expect(found == [nil, "text"])
    }

    @Test func `what processes saw when the host crashed is known, also where the disk kept something else`() throws {
        var kept = 0
        for seed in Self.seeds {
            let site = try Site(seed: seed)
            try site.folder.replace("old", with: Array("1".utf8))
            try site.folder.remove("old")
            try site.make("new", "2", synced: false)
            if site.crash()["old"] != nil { kept += 1 }
            #expect(site.disk.filesAtCrash(below: "var") == ["/var/lib/new": Array("2".utf8)])
        }
        #expect(kept > 0 && kept < Self.seeds.count)
    }

    @Test func `a process that removes before it names can lose what it replaces`() throws {
        var lost = 0
        for seed in Self.seeds {
            let site = try Site(seed: seed)
            var process = site.disk.start()
            process.removesBeforeNaming = true
            let parent = try HeldFolder("/var", .ours, on: process)
            for (name, file) in [("here", "old"), ("there", "new")] {
                try parent.folder(FilePath(name), create: 0o755).replace(file, with: [1])
            }
            process.die(.kill, after: Int(seed % 5))
            try? parent.exchange("there", with: parent, "here")
            let left = site.disk.files.keys.filter { $0.hasPrefix("/var/here/") }
            if left.isEmpty { lost += 1 } else { #expect(["/var/here/old", "/var/here/new"].contains(left[0])) }
        }
        #expect(lost > 0 && lost < Self.seeds.count)
    }

    @Test func `a file that is renamed has one of its names at least`() throws {
        var found: Set<[String]> = []
        for seed in Self.seeds {
            let site = try Site(seed: seed)
            try site.make("old", "text", synced: true)
            try site.folder.synchronize()
            try site.folder.rename("old", to: site.folder, "new")
            found.insert(site.crash().keys.sorted())
        }
        #expect(found == [["old"], ["new"]])
    }

    @Test func `names that are exchanged lead to one another's files or to their own`() throws {
        var found: Set<[String?]> = []
        for seed in Self.seeds {
            let site = try Site(seed: seed)
            for name in ["a", "b"] { try site.folder.replace(name, with: Array(name.utf8)) }
            try site.folder.exchange("a", with: site.folder, "b")
            #expect(site.disk.files["/var/lib/a"] == Array("b".utf8))
            let files = site.crash()
            found.insert([files["a"], files["b"]])
        }
        #expect(found == [["a", "b"], ["b", "a"]])
    }

    @Test func `an fsync that fails leaves the next one nothing to write`() throws {
        var lost = 0
        for seed in Self.seeds {
            let site = try Site(seed: seed)
            let file = try site.folder.open("file", O_WRONLY | O_CREAT)
            try site.folder.synchronize()
            try file.writeAll(Array("text".utf8))
            site.disk.faults.failedSyncs = 1
            #expect(throws: Errno.ioError) { try file.synchronize() }
            site.disk.faults = .none
            try file.synchronize()
            if site.crash()["file"] != "text" { lost += 1 }
        }
        #expect(lost > 50 && lost < 150)
    }

    @Test func `a process that is killed leaves what it wrote, and changes nothing any more`() throws {
        for seed in Self.seeds {
            let site = try Site(seed: seed)
            let file = try site.folder.open("file", O_WRONLY | O_CREAT)
            try file.writeAll(Array("text".utf8))
            site.process.die(.kill, after: 1)
            try file.writeAll(Array("more".utf8))
            #expect(throws: SimulatedProcess.deadProcess) { try file.writeAll(Array("end".utf8)) }
            #expect(throws: SimulatedProcess.deadProcess) { try site.folder.remove("file") }
            let left = String(decoding: site.disk.files["/var/lib/file"] ?? [], as: UTF8.self)
            #expect("textmoreend".hasPrefix(left) && left.hasPrefix("textmore"))
            let next = try HeldFolder("/var/lib", .ours, on: site.disk.start())
            #expect(String(decoding: try next.read("file"), as: UTF8.self) == left)
        }
    }

    @Test func `a disk that is full takes what has room`() throws {
        let site = try Site(seed: 1)
        site.disk.faults.room = 10
        let file = try site.folder.open("file", O_WRONLY | O_CREAT)
        #expect(throws: Errno.noSpace) { try file.writeAll([UInt8](repeating: 1, count: 16)) }
        #expect(site.disk.bytes == 10)
        #expect(try site.folder.space() == 0)
        try file.resize(to: 4)
        #expect(try site.folder.space() == 6)
        try site.folder.remove("file")
        #expect(site.disk.bytes == 0)
    }

    @Test func `a lock ends with its process`() throws {
        let site = try Site(seed: 1)
        try site.folder.lock()
        let other = try HeldFolder("/var/lib", .ours, on: site.disk.start())
        #expect(throws: Errno.wouldBlock) { try other.lock() }
        site.process.kill()
        try other.lock()
    }
}
