// SPDX-License-Identifier: Apache-2.0

extension FlowTable {
    /// A window that fills less of the storage than this part of it is small.
    private static let smallPart = 8

    /// So many small windows in a row, and their storage is given back: a flood does not hold memory for ever, and a
    /// quiet minute does not cost the next one its growth.
    private static let patience = 5

    /// Storage for fewer flows than this is not worth giving back.
    private static let smallCapacity = 4096

    /// Forgets all flows and keeps the storage for the next window, unless the last windows needed far less.
    package mutating func recycle() {
        let isSmall = capacity > Self.smallCapacity && count < capacity / Self.smallPart
        smallWindows = isSmall ? smallWindows + 1 : 0
        let isTooLarge = smallWindows == Self.patience
        if isTooLarge { smallWindows = 0 }
        removeAll(keepingCapacity: !isTooLarge)
    }
}
