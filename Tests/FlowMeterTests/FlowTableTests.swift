// SPDX-License-Identifier: Apache-2.0

import FlowMeter
import FlowModel
import FlowTestKit
import Testing

private func flow(_ index: Int, port: UInt16 = 1, _ direction: Direction = .egress) -> FlowKey {
    FlowKey(
        port: PortNumber(port), direction: direction, transport: TransportNumber.udp,
        source: IPAddress(v4: UInt32(truncatingIfNeeded: index)), destination: IPAddress(v4: 0x0a00_0002),
        sourcePort: 1000, destinationPort: 53)
}

private func counters(_ packets: UInt64, at first: UInt64 = 5, to last: UInt64 = 9) -> FlowCounters {
    FlowCounters(
        count: PacketCount(packets: packets, octets: packets * 100), first: MonotonicTime(nanoseconds: first),
        last: MonotonicTime(nanoseconds: last))
}

/// Every IPv4 flow between the same ports has the same hash.
private let colliding = FlowHash(secrets: { 0 })

@Suite struct FlowTableTests {
    @Test func aFlowThatCameTwiceIsOneRecord() {
        var table = FlowTable()
        table.merge(flow(1), counters(3, at: 7, to: 9))
        table.merge(flow(2), counters(1))
        table.merge(flow(1), counters(4, at: 2, to: 8))
        #expect(table.count == 2)
        #expect(table[flow(1)] == counters(7, at: 2, to: 9))
        #expect(table[flow(2)] == counters(1) && table[flow(3)] == nil)
    }

    @Test func anEmptyTableHasNothingAndNoStorage() {
        let table = FlowTable()
        #expect(table.isEmpty && table.capacity == 0 && table[flow(1)] == nil && table.recorded.isEmpty)
    }

    @Test(arguments: [FlowHash(), colliding])
    func keysThatDifferInOneFieldAreDifferentFlows(hash: FlowHash) {
        var keys = [flow(1), flow(1, port: 2), flow(1, .ingress), flow(2)]
        for change in Self.changes {
            var key = flow(1)
            change(&key)
            keys.append(key)
        }
        var table = FlowTable(hash: hash)
        for (index, key) in keys.enumerated() { table.merge(key, counters(UInt64(index + 1))) }
        #expect(table.count == keys.count)
        for (index, key) in keys.enumerated() { #expect(table[key] == counters(UInt64(index + 1))) }
    }

    private static let changes: [@Sendable (inout FlowKey) -> Void] = [
        { $0.vlanID = 1 }, { $0.innerVLANID = 1 }, { $0.transport = 6 }, { $0.isFragmentWithoutFlow = true },
        { $0.sourcePort = 1 }, { $0.destinationPort = 1 }, { $0.destination = IPAddress(v4: 1) },
        { $0.source = IPAddress(v6High: 0, low: 1) }, { $0.source = IPAddress(v6High: 1, low: 1) },
        { $0.destination = IPAddress(v6High: 0, low: 0x0a00_0002) },
    ]

    @Test func flowsThatAllCollideAreFoundAllTheSame() {
        var table = FlowTable(hash: colliding)
        for turn in 1...2 as ClosedRange<UInt64> {
            for index in 0..<1500 { table.merge(flow(index), counters(turn)) }
        }
        #expect(table.count == 1500)
        #expect((0..<1500).allSatisfy { table[flow($0)] == counters(3) })
        #expect(table[flow(1500)] == nil)
    }

    @Test func mergesAreWhatADictionarySays() {
        var random = SplitMix64(seed: 3)
        var reference: [FlowKey: FlowCounters] = [:]
        var table = FlowTable()
        var batch: [CountedFlow] = []
        for turn in 0..<300_000 {
            let bits = random.next()
            let key = flow(Int(bits % 100_000), port: UInt16(bits >> 32 & 7), bits >> 40 & 1 == 0 ? .egress : .ingress)
            let counted = counters(bits >> 50, at: bits >> 44, to: bits >> 42)
            if reference[key]?.merge(counted) == nil { reference[key] = counted }
            if turn % 3 == 0 {
                table.merge(key, counted)
            } else {
                batch.append(CountedFlow(key: key, counters: counted))
            }
            if batch.count == 4097 {
                table.merge(batch.span)
                batch.removeAll(keepingCapacity: true)
            }
        }
        table.merge(batch.span)
        #expect(table.count == reference.count && table.count <= table.capacity)
        #expect(Dictionary(uniqueKeysWithValues: table.map { ($0.key, $0.value) }) == reference)
        #expect(reference.allSatisfy { table[$0.key] == $0.value })
        #expect(table.recorded == Self.recorded(reference))
    }

    private static func recorded(_ flows: [FlowKey: FlowCounters]) -> [PortSide: PacketCount] {
        flows.reduce(into: [:]) { sums, flow in
            sums[PortSide(port: flow.key.port, direction: flow.key.direction), default: .zero] += flow.value.count
        }
    }

    @Test func theSumsOfTheHighestPortAreKeptToo() {
        var table: FlowTable = [flow(1, port: .max, .ingress): counters(2)]
        table.merge(flow(2, port: .max), counters(5))
        #expect(
            table.recorded == [
                PortSide(port: PortNumber(.max), direction: .ingress): PacketCount(packets: 2, octets: 200),
                PortSide(port: PortNumber(.max), direction: .egress): PacketCount(packets: 5, octets: 500),
            ])
    }

    @Test func aCopyIsNotChangedByTheOther() {
        let table: FlowTable = [flow(1): counters(1)]
        var copy = table
        copy.merge(flow(1), counters(1))
        copy.merge(flow(2), counters(1))
        #expect(table.count == 1 && table[flow(1)] == counters(1) && copy.count == 2)
        copy.recycle()
        #expect(copy.isEmpty && copy[flow(1)] == nil && table[flow(1)] == counters(1))
    }
}

@Suite struct FlowTableStorageTests {
    private static func fill(_ table: inout FlowTable, _ count: Int) {
        for index in 0..<count { table.merge(flow(index), counters(1)) }
    }

    @Test func roomThatWasMadeIsNotMadeAgain() {
        var table = FlowTable()
        table.reserveCapacity(100_000)
        let capacity = table.capacity
        Self.fill(&table, 100_000)
        #expect(capacity >= 100_000 && table.capacity == capacity)
    }

    @Test func aWindowsStorageIsThatOfTheNext() {
        var table = FlowTable()
        Self.fill(&table, 100_000)
        let capacity = table.capacity
        for _ in 0..<20 {
            table.recycle()
            #expect(table.isEmpty && table.recorded.isEmpty && table.capacity == capacity && table[flow(1)] == nil)
            Self.fill(&table, capacity / 8)
            #expect(table.count == capacity / 8)
        }
    }

    @Test func whatAFloodNeededIsGivenBackAfterFiveSmallWindows() {
        var table = FlowTable()
        Self.fill(&table, 100_000)
        let capacity = table.capacity
        table.recycle()
        for _ in 0..<4 {
            Self.fill(&table, 10)
            table.recycle()
        }
        #expect(table.capacity == capacity)
        // One window that needs the storage, and the patience begins anew.
        Self.fill(&table, 100_000)
        table.recycle()
        for _ in 0..<4 { table.recycle() }
        #expect(table.capacity == capacity)
        table.recycle()
        #expect(table.capacity == 0)
        Self.fill(&table, 10)
        #expect(table.count == 10 && table[flow(9)] == counters(1))
    }
}
