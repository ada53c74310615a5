// SPDX-License-Identifier: Apache-2.0

import FlowModel

/// Bytes that are the same in every line of a port, made once a port.
///
/// All ports' pieces lie in one array, found by the port's number, so that a record costs no reference counting.
struct PortPieces {
    /// How many pieces a port has.
    let count: Int
    private(set) var bytes: [UInt8] = []
    /// For each port number, where its pieces begin and where the last one ends: `count + 1` places.
    private var bounds: [Int32] = []
    /// By port number: the port that the pieces are of, kept alive so that its identifier stays its own.
    private var owners: [Port?] = []
    private var identifiers: [ObjectIdentifier?] = []

    /// Ports come anew with every window: what is left of old ones is dropped when it has grown to this.
    private static let sizeLimit = 4 << 20

    init(count: Int) { self.count = count }

    @inline(__always)
    func areMade(for port: borrowing Port) -> Bool {
        let number = Int(port.number.rawValue)
        return number < identifiers.count && identifiers[number] == ObjectIdentifier(copy port)
    }

    /// Makes the port's pieces: the function appends the one of that index.
    mutating func make(for port: Port, _ append: (Int, inout [UInt8]) -> Void) {
        if bytes.count > Self.sizeLimit { self = PortPieces(count: count) }
        let number = Int(port.number.rawValue)
        let missing = number + 1 - owners.count
        if missing > 0 {
            owners += Array(repeating: nil, count: missing)
            identifiers += Array(repeating: nil, count: missing)
            bounds += Array(repeating: 0, count: missing * (count + 1))
        }
        for index in 0..<count {
            bounds[number * (count + 1) + index] = Int32(bytes.count)
            append(index, &bytes)
        }
        bounds[number * (count + 1) + count] = Int32(bytes.count)
        owners[number] = port
        identifiers[number] = ObjectIdentifier(port)
    }

    /// How long all pieces of a port are.
    @inline(__always)
    func length(of number: PortNumber) -> Int {
        let first = Int(number.rawValue) * (count + 1)
        return Int(bounds[first + count] - bounds[first])
    }

    /// Writes a piece of a port for which they are made.
    @inline(__always)
    func write(_ piece: Int, of number: PortNumber, to line: inout LineWriter) {
        let first = Int(number.rawValue) * (count + 1) + piece
        line.bytes(bytes.span.extracting(Int(bounds[first])..<Int(bounds[first + 1])))
    }
}
