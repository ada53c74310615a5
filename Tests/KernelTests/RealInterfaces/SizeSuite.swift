// SPDX-License-Identifier: Apache-2.0

import BPF
import FlowKernel
import FlowMeter
import FlowModel
import FlowTestKit
internal import Foundation
import Host
import Testing

extension RealInterfaces {
    /// What Weir takes of the kernel; printed, so that growth is seen.
    @Suite struct SizeSuite {
        @Test(arguments: [65_536, TableRequest.defaultFlowBudget])
        func theFlowTableTakesWhatTheArithmeticSays(budget: Int) throws {
            let installation = try TemporaryInstallation(TableRequest(flowBudget: budget))
            let tables = try FlowTables.open(in: installation.directory, rights: .read)
            let listed = try Self.mapBytes(in: installation.directory)
            let all = tables.maps.memoryBytes
            print("\(budget) flows: \(tables.maps.tableBytes) bytes of flow table, \(all) of all maps")
            #expect(listed.count == 12)
            #expect(all == listed.values.reduce(0, +), "\(listed)")

            let geometry = tables.geometry
            let lines = 2 * geometry.cpus * geometry.lines
            let parts = [
                "weir_lines": Self.mapped(lines * 64), "weir_entries": Self.mapped(lines * 24),
                "weir_heads": Self.mapped(2 * geometry.cpus * 64),
            ]
            for (name, bytes) in parts { #expect(listed[name] == bytes, "\(name)") }
            let sum = parts.values.reduce(0, +)
            #expect(sum - geometry.tableBytes < UInt64(6 * Self.page), "but for the rounding")
            #expect(sum <= UInt64(192 * budget))
            #expect(tables.maps.tableBytes == sum + (listed["weir_shares"] ?? 0))
            // A pointer for each port and 8 bytes for each of its CPUs, and less than a page for the map itself.
            let shares = 4096 * 8 * (1 + (try Self.possibleCPUs()))
            #expect((shares..<shares + Self.page).contains(Int(listed["weir_shares"] ?? 0)))
        }

        /// The plain engine's slots are the possible CPUs'.
        @Test func thePlainTableTakesWhatTheArithmeticSays() throws {
            let installation = try TemporaryInstallation(TableRequest(engine: .perCPUHash, flowBudget: 65_536))
            let tables = try FlowTables.open(in: installation.directory, rights: .read)
            let listed = try Self.mapBytes(in: installation.directory)
            #expect(listed.count == 11)
            #expect(tables.maps.memoryBytes == listed.values.reduce(0, +), "\(listed)")
            let parts = ["weir_flows_0", "weir_flows_1", "weir_shares"].map { listed[$0] ?? 0 }
            #expect(tables.maps.tableBytes == parts.reduce(0, +) && parts[2] == Self.mapped(4096 * 8))
            print("65536 flows: \(tables.maps.tableBytes) bytes of plain table")
            // A few kilobytes a CPU for its free list are not in it.
            let reckoned = Double(tables.geometry.tableBytes)
            #expect(abs(Double(tables.maps.tableBytes) - reckoned) < reckoned / 10)
        }

        /// Memory that is mapped is whole pages, behind one for the map itself (kernel: array_map_mem_usage).
        private static func mapped(_ bytes: Int) -> UInt64 { UInt64(page + (bytes + page - 1) / page * page) }

        private static let page = Int(sysconf(CInt(_SC_PAGESIZE)))

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

        @Test(arguments: ProgramKind.ofNetworkHooks, ProgramUse.allCases)
        func programsStayFarBelowTheKernelsLimit(_ kind: ProgramKind, use: ProgramUse) throws {
            let tables = try FlowTables.create(try TableRequest(flowBudget: 100).geometry())
            let port = try tables.maps.addWithoutInterface(PortNumber(1), role: .guest)
            let size = try tables.load(kind, for: port, use: use).size
            let which =
                (use.asksPolicy ? ", with a policy" : "")
                + (use.copying == .nothing ? "" : ", that copies \(use.copying)")
            print("\(kind.name)\(which): \(size.instructions) instructions, \(size.verified) verified")
            let asksPolicy = use.asksPolicy || kind == .xdpDispatched
            let most = (asksPolicy ? 8192 : 4096) + (use.copying == .frames ? 4096 : 0)
            #expect((1..<most).contains(size.instructions))
            // The verifier walks a million at most (BPF_COMPLEXITY_LIMIT_INSNS).
            #expect(size.verified < (use.copying == .frames ? 200_000 : 100_000))
        }
    }
}
