// SPDX-License-Identifier: Apache-2.0

import FlowKernel
import Host
import Testing
import WeirDaemon

@Suite struct MemoryPlanTests {
    private static func limit(_ megabytes: UInt64, used: UInt64 = 8) -> MemoryLimit {
        MemoryLimit(file: "/sys/fs/cgroup/weir/memory.max", bytes: megabytes << 20, used: used << 20)
    }

    @Test func `without a limit windows are merged at once`() {
        #expect(MemoryPlan(nil).mostFlows == .max && MemoryPlan(nil).advice(flowBudget: 1 << 30) == nil)
        #expect(MemoryPlan(Self.limit(1024)).advice(flowBudget: 262_144) == nil)
    }

    @Test func `a limit that windows in pieces fit into is noted`() {
        let plan = MemoryPlan(Self.limit(64))
        #expect(plan.mostFlows == 36_700)
        #expect(
            plan.advice(flowBudget: 262_144)
                == .slower(
                    """
                    the memory limit of 64 MB (/sys/fs/cgroup/weir/memory.max) leaves 56 MB: windows of more than 36700 flows are \
                    merged in pieces, which takes longer; a limit of 409 MB merges windows of 262144 flows at once
                    """))
    }

    @Test func `a limit that is too small says what is enough`() {
        let plan = MemoryPlan(Self.limit(10))
        #expect(plan.mostFlows == 4096)
        #expect(
            plan.advice(flowBudget: 262_144)
                == .tooLittle(
                    """
                    the memory limit of 10 MB (/sys/fs/cgroup/weir/memory.max) leaves 2 MB, which is too little to merge 4096 flows \
                    at a time: the kernel may kill the daemon, and the next one takes the same window up again; 15 MB is enough to \
                    go on, and a limit of 409 MB merges windows of 262144 flows at once
                    """))
    }
}
