// SPDX-License-Identifier: Apache-2.0

import FlowFilter
import FlowModel

/// What a query asks, as questions about columns. A null answers each with no.
indirect enum ColumnCondition: Sendable {
    case all([ColumnCondition])
    case any([ColumnCondition])
    case not(ColumnCondition)
    /// Among the tests of the query.
    case test(Int)

    static let always = ColumnCondition.all([])
}

/// A question about the value of one column.
struct ColumnTest {
    enum Question {
        case numbers(NumberSet)
        case signed(ClosedRange<Int64>)
        case texts(TextSet)
        case addresses([AddressPrefix])
        /// All of these bits are set.
        case bits(UInt8)
        case isThere
    }

    let column: FlowColumn
    let question: Question
    /// The only texts that it holds for, where they are known.
    let literals: [[UInt8]]?
    /// Of `literals`, where the column has Bloom filters.
    let hashes: [UInt64]

    init(_ column: FlowColumn, _ question: Question) {
        self.column = column
        self.question = question
        switch question {
        case .texts(let set): literals = set.literals?.map { Array($0.utf8) }
        case .addresses(let prefixes):
            let areWhole = prefixes.allSatisfy { $0.length == $0.address.version.addressBits }
            literals = areWhole ? prefixes.map { Array($0.address.description.utf8) } : nil
        default: literals = nil
        }
        hashes = column.isIndexed ? (literals ?? []).map { XXH64.hash($0[...]) } : []
    }

    func holds(for number: Int64) -> Bool {
        switch question {
        case .numbers(let set):
            guard number < 0 else { return set.contains(UInt64(number)) }
            return column.isCount && set.contains(0)
        case .signed(let range): return range.contains(number)
        case .bits(let bits): return UInt8(truncatingIfNeeded: number) & bits == bits
        case .isThere: return true
        case .texts, .addresses: return false
        }
    }

    func holds(for text: ArraySlice<UInt8>) -> Bool {
        switch question {
        case .texts(let set):
            if let literals { return literals.contains { $0.elementsEqual(text) } }
            return set.contains(String(decoding: text, as: UTF8.self))
        case .addresses(let prefixes):
            if let literals { return literals.contains { $0.elementsEqual(text) } }
            guard let address = AddressText.read(text) else { return false }
            return prefixes.contains { $0.contains(address) }
        case .isThere: return true
        case .numbers, .signed, .bits: return false
        }
    }

    /// Whether a value between two may answer with yes.
    ///
    /// - Parameters:
    ///   - least: as the metadata has it.
    func mayHold(between least: ArraySlice<UInt8>, and most: ArraySlice<UInt8>) -> Bool {
        switch question {
        case .numbers(let set):
            guard let range = Self.range(least, most, column.kind) else { return true }
            guard range.lowerBound >= 0 else { return true }
            return set.ranges.contains { $0.overlaps(UInt64(range.lowerBound)...UInt64(range.upperBound)) }
        case .signed(let asked):
            guard let range = Self.range(least, most, column.kind) else { return true }
            return asked.overlaps(range)
        case .texts, .addresses:
            guard let literals else { return true }
            return literals.contains {
                !$0.lexicographicallyPrecedes(least) && !most.lexicographicallyPrecedes($0)
            }
        case .bits, .isThere: return true
        }
    }

    private static func range(
        _ least: ArraySlice<UInt8>, _ most: ArraySlice<UInt8>, _ kind: ParquetColumn.Kind
    ) -> ClosedRange<Int64>? {
        let size = kind == .int64 ? 8 : 4
        guard kind == .int64 || kind == .int32, least.count == size, most.count == size else { return nil }
        func number(_ bytes: ArraySlice<UInt8>) -> Int64 {
            var number: UInt64 = 0
            for byte in bytes.reversed() { number = number << 8 | UInt64(byte) }
            return kind == .int64
                ? Int64(bitPattern: number) : Int64(Int32(truncatingIfNeeded: number))
        }
        let (first, last) = (number(least), number(most))
        return first <= last ? first...last : nil
    }
}

extension FlowColumn {
    /// Whether a number below zero, which cannot be, is read as zero.
    fileprivate var isCount: Bool { [.packets, .octets, .overflowPackets, .overflowOctets].contains(self) }
}

/// A query, ready to be asked of row groups.
struct CompiledQuery {
    private(set) var tests: [ColumnTest] = []
    private(set) var condition = ColumnCondition.always

    init(_ query: StoreQuery) {
        var parts: [ColumnCondition] = []
        if let since = query.since { parts.append(test(.end, .signed(since ... .max))) }
        if let until = query.until, until > .min { parts.append(test(.start, .signed(.min...until - 1))) }
        if let after = query.after {
            parts.append(
                after < Int64.max
                    ? test(.windowSequence, .signed(Int64(after) + 1 ... .max)) : .any([]))
        }
        if !query.except.isEmpty {
            let ranges = query.except.sorted().map { UInt64(clamping: $0)...UInt64(clamping: $0) }
            parts.append(.not(test(.windowSequence, .numbers(NumberSet(ranges)))))
        }
        if let filter = query.filter { parts.append(compile(filter.condition)) }
        condition = parts.count == 1 ? parts[0] : .all(parts)
    }

    private mutating func test(_ column: FlowColumn, _ question: ColumnTest.Question) -> ColumnCondition {
        tests.append(ColumnTest(column, question))
        return .test(tests.count - 1)
    }

    private mutating func compile(_ condition: FilterCondition) -> ColumnCondition {
        switch condition {
        case .all(let parts): .all(parts.map { compile($0) })
        case .any(let parts): .any(parts.map { compile($0) })
        case .not(let part): .not(compile(part))
        case .test(let test): compile(test)
        }
    }

    private mutating func compile(_ filter: FilterTest) -> ColumnCondition {
        switch filter {
        case .address(let side, let prefixes):
            return sides(side, .packetSourceAddress, .packetDestinationAddress) { .addresses(prefixes) }
        case .interfaceAddress(let side, let prefixes):
            return sides(side, .sourceAddress, .destinationAddress) { .addresses(prefixes) }
        case .port(let side, let numbers):
            return withPorts(sides(side, .sourcePort, .destinationPort) { .numbers(numbers) })
        case .number(let field, let numbers): return compile(field, numbers)
        case .text(let field, let texts): return test(field.column, .texts(texts))
        case .interface(let texts): return .any([test(.port, .texts(texts)), test(.interfaceID, .texts(texts))])
        case .tcpFlags(let flags): return .all([isTCP(), test(.tcpControlBits, .bits(flags))])
        case .isTagged: return test(.vlanID, .isThere)
        case .isMixed: return test(.mixedVerdicts, .numbers(NumberSet([1...1])))
        }
    }

    private mutating func sides(
        _ side: FilterSide, _ source: FlowColumn, _ destination: FlowColumn, _ question: () -> ColumnTest.Question
    ) -> ColumnCondition {
        switch side {
        case .source: test(source, question())
        case .destination: test(destination, question())
        case .either: .any([test(source, question()), test(destination, question())])
        }
    }

    private mutating func compile(_ field: NumberField, _ numbers: NumberSet) -> ColumnCondition {
        let asked = test(field.column, .numbers(numbers))
        switch field {
        case .sourcePort, .destinationPort: return withPorts(asked)
        case .tcpFlags: return .all([asked, isTCP()])
        default: return asked
        }
    }

    private mutating func isTCP() -> ColumnCondition {
        let tcp = UInt64(TransportNumber.tcp)
        return test(.transport, .numbers(NumberSet([tcp...tcp])))
    }

    /// Only where the numbers are ports, and known: see `FlowKey.hasPorts` of FlowFilter.
    private mutating func withPorts(_ asked: ColumnCondition) -> ColumnCondition {
        let transports = (UInt8.min...UInt8.max).filter { TransportNumber.hasPorts($0) }
            .map { UInt64($0)...UInt64($0) }
        return .all([
            asked, test(.transport, .numbers(NumberSet(transports))),
            .not(test(.fragmentWithoutFlow, .numbers(NumberSet([1...1])))),
        ])
    }
}

extension NumberField {
    fileprivate var column: FlowColumn {
        switch self {
        case .sourcePort: .sourcePort
        case .destinationPort: .destinationPort
        case .transport: .transport
        case .packets: .packets
        case .octets: .octets
        case .tcpFlags: .tcpFlags
        case .trafficPath: .trafficPath
        case .vlanID: .vlanID
        case .innerVLANID: .innerVLANID
        case .icmpType: .icmpType
        case .icmpCode: .icmpCode
        case .tcpControlBits: .tcpControlBits
        case .dscp: .dscp
        case .overflowPackets: .overflowPackets
        case .overflowOctets: .overflowOctets
        }
    }
}

extension TextField {
    fileprivate var column: FlowColumn {
        switch self {
        case .accountID: .accountID
        case .interfaceID: .interfaceID
        case .vpcID: .vpcID
        case .subnetID: .subnetID
        case .instanceID: .instanceID
        case .region: .region
        case .availabilityZoneID: .availabilityZoneID
        case .sublocationType: .sublocationType
        case .sublocationID: .sublocationID
        case .action: .action
        case .logStatus: .logStatus
        case .type: .type
        case .direction: .direction
        case .sourceService: .packetSourceService
        case .destinationService: .packetDestinationService
        case .rejectReason: .rejectReason
        case .rule: .rule
        case .verdictSource: .verdictSource
        case .sourceMAC: .sourceMAC
        case .destinationMAC: .destinationMAC
        case .unparsed: .unparsed
        case .observedAt: .observedAt
        case .instanceName: .instanceName
        case .projectID: .projectID
        case .projectName: .projectName
        case .sourceName: .sourceName
        case .destinationName: .destinationName
        }
    }
}
