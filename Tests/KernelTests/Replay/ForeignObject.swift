// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowTestKit
internal import Foundation
import Host

/// The object of bpf/test/foreign.bpf.c as a file, and what its programs keep of replayed packets.
final class ForeignObject {
    private let folder = FileManager.default.temporaryDirectory.appending(path: "weir-t-\(UUID().uuidString)")
    private var file: String { folder.appending(path: "foreign.o").path }

    init() throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        try Data(EmbeddedObjects.foreign).write(to: URL(filePath: file))
    }

    deinit { try? FileManager.default.removeItem(at: folder) }

    /// Loads the program that is named as after `FILE:`, with room for so many flows where it asks for as many.
    func load(_ program: String, flows: Int = 64) throws -> LoadedForeignProgram {
        try LoadedForeignProgram(try ForeignProgram("\(file):\(program)"), roomFor: flows)
    }

    /// The sentence with which it is refused, without the file's folder; nil: it loads.
    func refusal(of program: String) throws -> String? {
        do {
            _ = try load(program)
            return nil
        } catch let error as KernelError {
            return error.description.replacing(folder.path + "/", with: "")
        }
    }

    /// Sends a packet of each of so many flows through the program.
    static func send(flows: Int, through loaded: LoadedForeignProgram) throws {
        var sequence = try FlowSequence(room: flows)
        sequence.fill((0..<UInt32(flows)).map(\.self))
        let replay = try FrameReplay(.ipv4, of: sequence, through: loaded.program)
        replay.rewind(sequence)
        try replay.run(packets: flows)
    }
}
