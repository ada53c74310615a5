// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import HostMonitor

/// Texts of /proc as a kernel 6.18 with two CPUs has written them.
@Suite struct HostReportTests {
    private static let stat = """
        cpu  2052206 418 315867 605967 8433 0 11946 10585 25 3
        cpu0 1007177 220 130847 353748 2123 0 3533 5052 0 0
        cpu1 1045028 198 185020 252219 6309 0 8413 5532 0 0
        intr 13317505 0 0 0 0 1 15 301 951
        ctxt 21132899
        btime 1795815000
        processes 35678
        procs_running 12
        softirq 5812345 3 1029384 12 345 0 0 77 2200000 0 1234
        """

    private static func cpu(_ text: String, ticksPerSecond: Double = 100) -> HostCPU {
        var cpu = HostCPU()
        cpu.take(stat: text, ticksPerSecond: ticksPerSecond)
        return cpu
    }

    @Test func `/proc/stat has the time of all CPUs, interrupts and context switches`() {
        let cpu = Self.cpu(Self.stat)
        #expect(cpu.count == 2)
        #expect(
            [cpu.user, cpu.nice, cpu.system, cpu.idle, cpu.ioWait] == [20522.06, 4.18, 3158.67, 6059.67, 84.33])
        #expect(
            [cpu.interrupt, cpu.softInterrupt, cpu.steal, cpu.guest, cpu.guestNice] == [0, 119.46, 105.85, 0.25, 0.03])
        #expect(cpu.interrupts == 13_317_505 && cpu.contextSwitches == 21_132_899)
    }

    @Test func `/proc/loadavg and /proc/cpuinfo`() {
        var cpu = HostCPU()
        cpu.take(load: "0.30 1.29 1.71 2/94 29028\n")
        #expect([cpu.load1, cpu.load5, cpu.load15] == [0.30, 1.29, 1.71])
        #expect(cpu.running == 2 && cpu.processes == 94)
        cpu.take(information: "processor\t: 0\nmodel name\t: AMD EPYC\ncpu MHz\t\t: 2445.428\ncache size\t: 512 KB\n")
        #expect(cpu.megahertz == 2445)
        // ARM's does not say it.
        cpu.take(information: "processor\t: 0\nBogoMIPS\t: 243.75\n")
        #expect(cpu.megahertz == nil)
    }

    @Test func `/proc/meminfo has KiB, and /proc/vmstat counts pages`() {
        var memory = HostMemory()
        memory.take(
            information: """
                MemTotal:       24684096 kB
                MemFree:        21086288 kB
                MemAvailable:   23621172 kB
                Buffers:           41368 kB
                Cached:          2507848 kB
                SwapCached:            0 kB
                SwapTotal:       1048572 kB
                SwapFree:        1048000 kB
                Shmem:              8820 kB
                HugePages_Total:       0
                """)
        memory.take(counters: "nr_free_pages 5271572\npgpgin 21155025\npgpgout 33139050\npswpin 7\npswpout 9\n")
        #expect(memory.total == 24_684_096 * 1024 && memory.free == 21_086_288 * 1024)
        #expect(memory.available == 23_621_172 * 1024 && memory.shared == 8820 * 1024)
        #expect(memory.buffers == 41_368 * 1024 && memory.cached == 2_507_848 * 1024)
        #expect(memory.swapTotal == 1_048_572 * 1024 && memory.swapFree == 1_048_000 * 1024)
        #expect(
            [memory.pagesIn, memory.pagesOut, memory.swapPagesIn, memory.swapPagesOut] == [
                21_155_025, 33_139_050, 7, 9,
            ])
    }

    @Test func `/proc/diskstats: whole disks that were used`() throws {
        let text = """
               7       0 loop0 258 6 4152 19 1067 1980 6364 1086 0 1076 2074 0 0 0 0 857 968
               7       1 loop1 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0
             254       0 vda 963861 56252 40945650 2865233 545377 345203 65330608 473405 0 249656 3426137 396790 22 52171640 74591 117623 12907
             254       1 vda1 963861 56252 40945650 2865233 545377 345203 65330608 473405 0 249656 3426137
            """
        let disks = HostDisk.list(text) { $0 != "vda1" }
        #expect(disks.map(\.device) == ["loop0", "vda"])
        let traffic = try #require(disks.last).traffic
        #expect(traffic.readRequests == 963_861 && traffic.readBytes == 40_945_650 * 512)
        #expect(traffic.writeRequests == 545_377 && traffic.writeBytes == 65_330_608 * 512)
        #expect(traffic.readSeconds == 2865.233 && traffic.writeSeconds == 473.405)
    }

    @Test func `/proc/net/dev, also where a number touches the colon`() throws {
        let text = """
            Inter-|   Receive                                                |  Transmit
             face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
                lo: 28343348  104609    0    0    0     0          0         0 28343348  104609    0    0    0     0       0          0
              eth0:808052443   16442    1    2    0     0          0         3   767235   10449    4    5    0     6       0          0
            """
        let interfaces = HostInterface.list(text)
        #expect(interfaces.map(\.interface) == ["lo", "eth0"])
        let traffic = try #require(interfaces.last).traffic
        #expect(traffic.receiveBytes == 808_052_443 && traffic.receivePackets == 16_442)
        #expect(traffic.receiveErrors == 1 && traffic.receiveDrops == 2)
        #expect(traffic.transmitBytes == 767_235 && traffic.transmitPackets == 10_449)
        #expect(traffic.transmitErrors == 4 && traffic.transmitDrops == 5)
    }

    @Test(arguments: [
        "", "\n", "cpu", "cpu x y", "intr", "0.1 0.2", "a: b", ":",
    ])
    func `what is not such a text is nothing`(text: String) {
        #expect(Self.cpu(text).user == 0)
        var (cpu, memory) = (HostCPU(), HostMemory())
        cpu.take(load: text)
        memory.take(information: text)
        #expect((cpu, memory) == (HostCPU(), HostMemory()))
        #expect(HostDisk.list(text) { _ in true } == [])
        #expect(HostInterface.list("\n\n" + text) == [])
    }

    @Test func `a machine id as a UUID`() {
        #expect(
            HostReader.uuid(ofMachineID: "3d1219c7c4c5404aaa1f6d2a48adfda4\n") == "3d1219c7-c4c5-404a-aa1f-6d2a48adfda4"
        )
        for text in ["", "uninitialized", "3d1219c7c4c5404aaa1f6d2a48adfda"] {
            #expect(HostReader.uuid(ofMachineID: text) == nil)
        }
    }

    @Test func `rates are of what was counted since, and none of what went backwards or was not there`() throws {
        var (old, new) = (HostReport(), HostReport())
        old.cpu = Self.cpu("cpu  1000 0 500 8000 100 0 0 400 200 0\ncpu0 1", ticksPerSecond: 1)
        new.cpu = Self.cpu("cpu  1060 10 520 8080 110 5 5 410 220 0\ncpu0 1", ticksPerSecond: 1)
        // 200 ticks passed: 100 of work, 10 were stolen.
        new.disks = HostDisk.list("8 0 sda 5 0 200 0 9 0 90 0 0 0 0\n8 16 sdb 1 0 1 0 0 0 0 0 0 0 0") { _ in true }
        old.disks = HostDisk.list("8 0 sda 1 0 100 0 9 0 99 0 0 0 0") { _ in true }
        new.addRates(since: old, over: Interval(seconds: 2))
        #expect(new.cpu.busyPercent == 50 && new.cpu.stealPercent == 5)
        #expect(new.disks[0].traffic.readBytesPerSecond == 25_600 && new.disks[0].traffic.writeBytesPerSecond == nil)
        #expect(new.disks[1].traffic.readBytesPerSecond == nil)
        // A CPU came: what all have used says nothing then.
        new.cpu.count = 2
        new.cpu.busyPercent = nil
        new.addRates(since: old, over: Interval(seconds: 2))
        #expect(new.cpu.busyPercent == nil)
    }
}
