// SPDX-License-Identifier: Apache-2.0

/// A column of a Parquet file: flat, and optional, so that each value can be null.
package struct ParquetColumn: Hashable, Sendable {
    /// How values are stored, with the number that the format has for it (parquet.thrift, `Type`).
    package enum Kind: Int, Sendable {
        case boolean = 0
        case int32 = 1
        case int64 = 2
        /// UTF-8.
        case string = 6
    }

    package let name: String
    package let kind: Kind

    package init(_ name: String, _ kind: Kind) {
        self.name = name
        self.kind = kind
    }
}

/// Numbers of parquet.thrift.
enum ParquetNumber {
    static let magic: [UInt8] = Array("PAR1".utf8)
    static let encodingPlain = 0
    static let encodingRLE = 3
    static let encodingDictionary = 8
    static let encodingOldDictionary = 2
    static let encodingDelta = 5
    static let optional = 1
    static let convertedUTF8 = 0
    static let pageData = 0
    static let pageDictionary = 2
    static let codecNone = 0
    static let codecZstandard = 6
}
