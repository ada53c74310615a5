// SPDX-License-Identifier: Apache-2.0

import FlowModel
import Testing

@testable import HostMonitor

/// Figures as `virsh domstats` of libvirt 9.0 has printed them of a machine in QEMU.
@Suite struct MachineBookTests {
    private static let domstats = """
        state.state=1
        state.reason=1
        cpu.time=640000000
        cpu.user=300000000
        cpu.system=340000000
        cpu.cache.monitor.count=0
        balloon.current=32768
        balloon.maximum=65536
        balloon.last-update=0
        balloon.rss=42956
        balloon.unused=1000
        balloon.swap_in=3
        vcpu.current=2
        vcpu.maximum=4
        vcpu.0.state=1
        vcpu.0.time=200000000
        vcpu.0.wait=0
        vcpu.0.delay=65879678
        vcpu.2.state=2
        vcpu.2.time=100000000
        vcpu.2.delay=1000000000
        net.count=1
        net.0.name=lvtap1
        net.0.rx.bytes=90
        net.0.rx.pkts=1
        net.0.rx.errs=2
        net.0.rx.drop=3
        net.0.tx.bytes=84
        net.0.tx.pkts=4
        net.0.tx.errs=5
        net.0.tx.drop=6
        block.count=2
        block.0.name=vda
        block.0.path=/srv/disk.img
        block.0.backingIndex=1
        block.0.rd.reqs=1
        block.0.rd.bytes=512
        block.0.rd.times=3728268
        block.0.wr.reqs=2
        block.0.wr.bytes=1024
        block.0.wr.times=500000000
        block.0.fl.reqs=7
        block.0.fl.times=0
        block.0.allocation=0
        block.0.capacity=67108864
        block.0.physical=4096
        block.1.name=hda
        """

    /// Changes replace figures.
    private static func figures(_ changes: [String: String] = [:]) -> MachineFigures {
        var figures = MachineFigures(numbers: [:], texts: [:])
        let lines = domstats.split(separator: "\n").map { $0.split(separator: "=").map(String.init) }
        let values = Dictionary(uniqueKeysWithValues: lines.map { ($0[0], $0[1]) }).merging(changes) { $1 }
        for (name, value) in values {
            if let number = UInt64(value) { figures.numbers[name] = number } else { figures.texts[name] = value }
        }
        return figures
    }

    private static func sample(
        _ id: String = "u-1", at seconds: Double, _ changes: [String: String] = [:], life: Int64? = 1,
        isAnswered: Bool = true
    ) -> MachineSample {
        var machine = MachineReport()
        (machine.instanceID, machine.domain) = (id, "m-\(id)")
        return MachineSample(
            of: machine, figures(changes), life: life, isAnswered: isAnswered,
            read: MonotonicTime(nanoseconds: UInt64(seconds * 1e9)))
    }

    private static func machines(_ book: MachineBook, at seconds: Double) -> [MachineReport] {
        let now = ClockAnchor(
            monotonic: MonotonicTime(nanoseconds: UInt64(seconds * 1e9)), realtime: UnixTime(seconds: 1_700_000_000))
        return book.machines(now: now, staleAfter: .seconds(15)).reports
    }

    @Test func `each figure has its place`() throws {
        var book = MachineBook()
        let isTaken = book.take(Self.sample(at: 10))
        #expect(isTaken)
        let machine = try #require(Self.machines(book, at: 12).first)
        #expect(machine.state == 1 && machine.cpuSeconds == 0.64 && !machine.isStale)
        #expect(machine.timeMilliseconds == 1_699_999_998_000)
        #expect(machine.cpus.map(\.number) == ["0", "2"] && machine.cpus.map(\.state) == [1, 2])
        #expect(machine.cpus.map(\.seconds) == [0.2, 0.1] && machine.cpus.map(\.waitSeconds) == [0, nil])
        #expect(machine.cpus.map(\.delaySeconds) == [0.065879678, 1])
        #expect(machine.memory.current == 32768 * 1024 && machine.memory.maximum == 65536 * 1024)
        #expect(machine.memory.resident == 42956 * 1024 && machine.memory.unused == 1000 * 1024)
        #expect(machine.memory.swapIn == 3 * 1024 && machine.memory.swapOut == nil)
        let traffic = try #require(machine.interfaces.first).traffic
        #expect(machine.interfaces.map(\.interface) == ["lvtap1"])
        #expect(
            [traffic.receiveBytes, traffic.receivePackets, traffic.receiveErrors, traffic.receiveDrops] == [
                90, 1, 2, 3,
            ])
        #expect(
            [traffic.transmitBytes, traffic.transmitPackets, traffic.transmitErrors, traffic.transmitDrops] == [
                84, 4, 5, 6,
            ])
        #expect(machine.disks.map(\.device) == ["vda", "hda"] && machine.disks.map(\.path) == ["/srv/disk.img", nil])
        let disk = machine.disks[0]
        #expect(
            [disk.traffic.readRequests, disk.traffic.readBytes, disk.traffic.writeRequests, disk.traffic.writeBytes]
                == [1, 512, 2, 1024])
        #expect(disk.traffic.readSeconds == 0.003728268 && disk.traffic.writeSeconds == 0.5)
        #expect([disk.flushRequests, disk.capacity, disk.allocation, disk.physical] == [7, 67_108_864, 0, 4096])
        #expect(machine.cpuPercent == nil && machine.stealPercent == nil && traffic.receiveBytesPerSecond == nil)
    }

    @Test func `rates are of the last two samples`() throws {
        var book = MachineBook()
        _ = book.take(Self.sample(at: 10))
        let changes = [
            "cpu.time": "3640000000", "vcpu.0.delay": "565879678", "net.0.rx.bytes": "1090", "net.0.tx.bytes": "0",
            "block.0.wr.bytes": "3024",
        ]
        _ = book.take(Self.sample(at: 12, changes))
        let machine = try #require(Self.machines(book, at: 12).first)
        #expect(machine.cpuPercent == 150 && machine.stealPercent == 25)
        #expect(machine.interfaces[0].traffic.receiveBytesPerSecond == 500)
        // It went backwards: the interface is another one.
        #expect(machine.interfaces[0].traffic.transmitBytesPerSecond == nil)
        #expect(machine.disks[0].traffic.writeBytesPerSecond == 1000)
        #expect(machine.disks[0].traffic.readBytesPerSecond == 0)
    }

    @Test func `a machine that was started again has no rates until it has two samples`() throws {
        for changes in [["cpu.time": "630000000"], ["cpu.time": "700000000"]] {
            var book = MachineBook()
            _ = book.take(Self.sample(at: 10))
            _ = book.take(Self.sample(at: 12, changes, life: 2))
            var machine = try #require(Self.machines(book, at: 12).first)
            #expect(machine.cpuPercent == nil && machine.stealPercent == nil)
            #expect(machine.interfaces[0].traffic.receiveBytesPerSecond == nil)
            _ = book.take(Self.sample(at: 14, ["cpu.time": "1700000000"], life: 2))
            machine = try #require(Self.machines(book, at: 14).first)
            #expect(machine.cpuPercent != nil)
        }
    }

    @Test func `a machine whose hypervisor does not answer keeps its figures, and is stale in time`() throws {
        var book = MachineBook()
        _ = book.take(Self.sample(at: 10))
        let less = ["cpu.time": "900000000", "balloon.current": "1"]
        for time in [15.0, 20, 25] {
            _ = book.take(Self.sample(at: time, less, isAnswered: false))
            let machine = try #require(Self.machines(book, at: time).first)
            #expect(machine.cpuSeconds == 0.64 && machine.isStale == (time - 10 > 15))
        }
        var machine = try #require(Self.machines(book, at: 25.1).first)
        #expect(machine.isStale && machine.cpuSeconds == 0.64 && machine.memory.current == 32768 * 1024)
        _ = book.take(Self.sample(at: 30, ["cpu.time": "1640000000"]))
        machine = try #require(Self.machines(book, at: 30).first)
        #expect(!machine.isStale && machine.cpuSeconds == 1.64 && machine.cpuPercent == 5)
    }

    @Test func `one that has never answered is stale, with what libvirt knows`() throws {
        var book = MachineBook()
        for time in [10.0, 15] {
            _ = book.take(Self.sample(at: time, isAnswered: false))
            let machine = try #require(Self.machines(book, at: time).first)
            #expect(machine.isStale && machine.cpuSeconds == 0.64 && machine.cpuPercent == nil)
        }
        _ = book.take(Self.sample(at: 20))
        let machine = try #require(Self.machines(book, at: 20).first)
        #expect(!machine.isStale && machine.cpuPercent == nil)
    }

    @Test func `a machine that is not in a whole round is gone, and one that is told of no more is stale`() throws {
        var book = MachineBook()
        for id in ["b", "a"] { _ = book.take(Self.sample(id, at: 10)) }
        book.endRound()
        #expect(Self.machines(book, at: 20).map(\.instanceID) == ["a", "b"])
        _ = book.take(Self.sample("a", at: 15))
        book.fail("libvirt is away")
        #expect(Self.machines(book, at: 28).map(\.isStale) == [false, true])
        #expect(
            book.machines(
                now: ClockAnchor(monotonic: MonotonicTime(nanoseconds: 0), realtime: UnixTime(seconds: 0)),
                staleAfter: .zero
            )
            .failure == "libvirt is away")
        book.endRound()
        #expect(Self.machines(book, at: 28).map(\.instanceID) == ["a"])
    }

    @Test func `a count that is too large makes no list`() {
        let huge = MachineFigures(numbers: ["net.count": .max, "vcpu.maximum": .max, "block.count": .max], texts: [:])
        let sample = MachineSample(
            of: MachineReport(), huge, life: nil, isAnswered: true, read: MonotonicTime(nanoseconds: 0))
        #expect(sample.report.cpus.isEmpty && sample.report.disks.isEmpty && sample.report.interfaces.isEmpty)
    }
}
