// SPDX-License-Identifier: Apache-2.0

import DurableFiles
import FlowFormats
import FlowModel
import Foundation
import SystemPackage

/// By what number each machine is known to collectors: the same for as long as the machine is known, also when the process starts anew.
struct MachineNumbers {
    private static let fileName = "machines.json"
    /// Where other agents' numbers of machines begin, too.
    private static let first: UInt32 = 100_000
    /// Of so many that are gone the numbers are kept.
    private static let mostKept = 65_536
    private static let longestFile = 8 << 20

    private let path: FilePath
    private var numbers: [String: UInt32]
    private var isSaved = true

    /// Reads the numbers that a process before this one gave. A file that is none is as if there were no file: machines get new numbers then.
    init(in folder: FilePath) {
        path = folder.appending(Self.fileName)
        let bytes = (try? HeldFolder(folder, .ours).read(Self.fileName, limit: Self.longestFile)) ?? []
        numbers = (try? JSONDecoder().decode([String: UInt32].self, from: Data(bytes))) ?? [:]
    }

    /// The numbers of machines, by their identifiers, of all that there are now.
    mutating func of(_ machines: [String]) -> [String: UInt32] {
        let missing = machines.filter { numbers[$0] == nil }
        if numbers.count + missing.count > Self.mostKept {
            let present = Set(machines)
            numbers = numbers.filter { present.contains($0.key) }
            isSaved = false
        }
        var taken = Set(numbers.values)
        var next = (taken.max() ?? Self.first - 1) + 1
        for machine in missing where numbers[machine] == nil {
            if next > SFlowSource.greatestIndex { next = Self.first }
            while taken.contains(next) { next += 1 }
            numbers[machine] = next
            taken.insert(next)
            next += 1
            isSaved = false
        }
        return numbers
    }

    /// Writes the numbers to the disk, if there are new ones.
    mutating func save() throws(ExportError) {
        guard !isSaved else { return }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys]
        let bytes = (try? encoder.encode(numbers)).map { [UInt8]($0) } ?? []
        try ExportError.wrap(.writeNumbers, path) {
            try HeldFolder(path.removingLastComponent(), .ours, create: 0o700).replace(Self.fileName, with: bytes)
        }
        isSaved = true
    }
}
