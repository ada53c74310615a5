// SPDX-License-Identifier: Apache-2.0

import Host
import Testing

@Suite struct InterfaceFeedTests {
    private typealias Message = InterfaceMessages.Message

    private static func facts(_ name: String, _ index: UInt32) -> InterfaceFacts {
        InterfaceFacts(interface: NetworkInterface(name: name, index: index), hardwareType: 1, flags: 0)
    }

    private static func listed(_ name: String, _ index: UInt32) -> Message { .listed(.present(facts(name, index))) }
    private static func changed(_ name: String, _ index: UInt32) -> Message { .event(.present(facts(name, index))) }
    private static func gone(_ index: UInt32) -> InterfaceEvent { .gone(index: index, destination: nil) }

    @Test func `the list comes first, when it is whole, and changes as they come after it`() throws {
        var feed = InterfaceFeed()
        #expect(try feed.take([Self.listed("a", 1)]) == [])
        #expect(
            try feed.take([Self.listed("b", 2), .listEnd]) == [.listed([Self.facts("a", 1), Self.facts("b", 2)])])
        #expect(try feed.take([Self.changed("c", 3)]) == [.changed(.present(Self.facts("c", 3)))])
    }

    /// A part of the list may have been made before an interface went, and be delivered after the word of that.
    @Test func `what happens while the list is on its way comes after it, in its order`() throws {
        var feed = InterfaceFeed()
        let news = try feed.take([
            .event(Self.gone(1)), Self.listed("a", 1), Self.changed("b", 2), Self.listed("old", 2), .listEnd,
        ])
        #expect(
            news == [
                .listed([Self.facts("a", 1), Self.facts("old", 2)]), .changed(Self.gone(1)),
                .changed(.present(Self.facts("b", 2))),
            ])
    }

    @Test(arguments: [InterfaceMessages.Message.malformed, .refusal(16)])
    func `something that is missing breaks the feed`(message: InterfaceMessages.Message) {
        var feed = InterfaceFeed()
        #expect(throws: InterfaceFeed.Broken()) { try feed.take([message]) }
    }
}
