// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
internal import Foundation
import Testing

extension RealInterfaces {
    /// What Weir takes of the kernel; printed, so that growth is seen.
    @Suite struct SizeSuite {
        @Test func tablesFor65536FlowsOnTwoCPUsTakeAtMost48MB() throws {
            let installation = try TemporaryInstallation(TableRequest(flowBudget: 65_536))
            let own = installation.installation.tables.maps.memoryBytes
            let listed = try Self.mapBytes(in: installation.directory)
            print("tables for 65,536 flows: \(own) bytes on \(try Self.possibleCPUs()) CPUs")
            #expect(own == listed.values.reduce(0, +), "\(listed)")
            #expect(listed.count == 8)
            // What grows with the CPUs is a slot of 48 bytes a flow and the totals; the bar is for two of them.
            let perCPU = 2 * (65_536 * 48 + 8192 * 112)
            #expect(own <= UInt64(48_000_000 + max(0, try Self.possibleCPUs() - 2) * perCPU))
        }

        /// Memory of the pinned maps as bpftool has it.
        private static func mapBytes(in directory: PinDirectory) throws -> [String: UInt64] {
            struct Map: Decodable {
                let name: String
                let memory: UInt64

                enum CodingKeys: String, CodingKey {
                    case name
                    case memory = "bytes_memlock"
                }
            }
            let pins = try ChildProcess.run(["find", directory.layout, "-name", "weir_*"]).split(separator: "\n")
            return try pins.reduce(into: [:]) { sizes, pin in
                let shown = try ChildProcess.run(["bpftool", "-j", "map", "show", "pinned", String(pin)])
                let map = try JSONDecoder().decode(Map.self, from: Data(shown.utf8))
                sizes[map.name] = map.memory
            }
        }

        /// "0-1", as cpu(5) lists them.
        private static func possibleCPUs() throws -> Int {
            let text = try ProcFile.read("/sys/devices/system/cpu/possible")
            let last = text.split { !$0.isNumber }.last.flatMap { Int($0) }
            return try #require(last) + 1
        }

        @Test(arguments: ProgramKind.allCases)
        func programsStayFarBelowTheKernelsLimit(_ kind: ProgramKind) throws {
            let tables = try FlowTables.create(try TableRequest(flowBudget: 100).geometry())
            let size = try tables.load(kind, port: PortNumber(1), role: .guest).size
            print("\(kind.name): \(size.instructions) instructions, \(size.verified) verified")
            #expect((1..<4096).contains(size.instructions))
            // The verifier walks a million at most (BPF_COMPLEXITY_LIMIT_INSNS).
            #expect(size.verified < 100_000)
        }
    }
}
