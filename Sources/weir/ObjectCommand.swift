// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FlowKernel
import Foundation
import Host

struct ObjectCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "object",
        abstract: "Write a program to a file, for applications that load it themselves.",
        discussion: """
            The one there is, xsk, is for DPDK: --vdev net_af_xdp0,iface=PORT,xdp_prog=FILE. It gives frames to the \
            device's socket as the device's own program does and counts nothing; weir attach PORT takes the port over \
            from it and counts.
            """)

    enum Object: String, CaseIterable, ExpressibleByArgument {
        case xsk

        fileprivate var bytes: [UInt8] {
            switch self {
            case .xsk: StockProgram.object
            }
        }
    }

    @Argument(help: "Which program: xsk.")
    var object: Object

    @Argument(help: "The file; it is replaced where there is one.", completion: .file())
    var file: String

    func run() throws {
        do {
            try Data(object.bytes).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw ObjectError(file: file, reason: systemReason(error))
        }
    }
}

private struct ObjectError: Error, CustomStringConvertible {
    let file: String
    let reason: String

    var description: String { "cannot write \(file): \(reason)" }
}
