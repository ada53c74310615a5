// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import FlowModel
import Host
import Testing

@Suite struct TableRequestTests {
    @Test func theDefaultIsTheLineEngineWithoutALimit() throws {
        let geometry = try TableRequest().geometry()
        #expect(geometry.engine == .line)
        #expect(geometry.flowBudget == 262_144)
    }

    @Test(arguments: FlowEngine.allCases)
    func aTableThatJustFitsIsGiven(engine: FlowEngine) throws {
        let request = TableRequest(engine: engine, flowBudget: 10_000)
        var limited = request
        limited.memoryLimit = try request.geometry().tableBytes
        #expect(try limited.geometry() == request.geometry())
    }

    @Test(arguments: FlowEngine.allCases)
    func aTableBeyondTheLimitIsRefusedWithTheLargestThatFits(engine: FlowEngine) throws {
        let request = TableRequest(engine: engine, flowBudget: 1_000_000)
        let bytes = try request.geometry().tableBytes
        var limited = request
        limited.memoryLimit = bytes / 3
        let failure = try #require(throws: KernelError.self) { try limited.geometry() }
        #expect(failure.failure == "cannot make room for 1000000 flows")
        #expect(failure.cause == "their table takes \(bytes) bytes, and the limit is \(bytes / 3)")

        // What the sentence names is taken, and one more is not.
        let remedy = try #require(failure.remedy)
        let largest = try #require(remedy.split { !$0.isNumber }.first.flatMap { Int($0) })
        #expect(remedy == "ask for at most \(largest) flows, or raise the limit (table-memory)")
        limited.flowBudget = largest
        #expect(try limited.geometry().flowBudget == largest)
        limited.flowBudget = largest + 1
        #expect(throws: KernelError.self) { try limited.geometry() }
    }

    @Test func aLimitBelowTheSmallestTableIsSaidToBeTooLow() throws {
        let request = TableRequest(flowBudget: 1, memoryLimit: 1000)
        let failure = try #require(throws: KernelError.self) { try request.geometry() }
        #expect(failure.remedy == "raise the limit (table-memory)")
    }

    @Test func `tables that the limit leaves no room for are refused, with what fits`() throws {
        let request = TableRequest(flowBudget: 100_000)
        let bytes = try request.geometry(allowed: nil).tableBytes
        let limit = MemoryLimit(file: "/sys/fs/cgroup/a/memory.max", bytes: bytes + 999, used: 1000)
        let failure = try #require(throws: KernelError.self) { try request.geometry(allowed: limit) }
        #expect(
            "\(failure)".contains(
                "the memory limit of \(bytes + 999) (/sys/fs/cgroup/a/memory.max) leaves \(bytes - 1)"))
        #expect("\(failure)".hasSuffix(" flows, or raise that limit"))
        let enough = MemoryLimit(file: "", bytes: bytes + 1000, used: 1000)
        #expect(try request.geometry(allowed: enough).tableBytes == bytes)
    }
}
