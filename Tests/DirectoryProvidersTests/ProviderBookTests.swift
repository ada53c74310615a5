// SPDX-License-Identifier: Apache-2.0

import FlowModel
import PortDirectory
import Testing

@testable import DirectoryProviders

@Suite struct ProviderBookTests {
    private func line(_ name: String, _ instance: String) -> String {
        #"{"interface": "\#(name)", "instance_id": "\#(instance)"}"#
    }

    private func expect(
        _ book: inout ProviderBook, _ text: String, _ effect: ProviderBook.Effect,
        at place: SourceLocation = #_sourceLocation
    ) {
        let actual = book.take(text)
        #expect(actual == effect, sourceLocation: place)
    }

    private func instances(_ book: ProviderBook, _ names: String...) -> [String?] {
        names.map { book.listing?.facts(of: $0)?.identity.instanceID }
    }

    @Test func `what a process has said stays until the next one has told all`() {
        var book = ProviderBook()
        #expect(book.listing == nil)
        book.begin()
        expect(&book, line("tap1", "i-1"), .changed)
        expect(&book, line("tap1", "i-1"), .nothing)
        expect(&book, line("tap2", "i-2"), .changed)
        #expect(book.listing?.isComplete == false)
        expect(&book, #"{"complete": true}"#, .changed)
        #expect(book.listing?.isComplete == true)

        book.begin()
        expect(&book, line("tap2", "i-2"), .nothing)
        #expect(instances(book, "tap1", "tap2") == ["i-1", "i-2"])
        #expect(book.listing?.isComplete == true)
        let hasForgotten = book.settle()
        #expect(hasForgotten)
        #expect(instances(book, "tap1", "tap2") == [nil, "i-2"])
        let isNews = book.settle()
        #expect(!isNews)
        // What comes after that is news, and goes by a line of its own.
        expect(&book, line("tap3", "i-3"), .changed)
        expect(&book, #"{"interface": "tap3", "gone": true}"#, .changed)
        expect(&book, #"{"interface": "tap3", "gone": true}"#, .nothing)
        #expect(book.count == 1)
    }

    @Test func `what is not said again in a round is forgotten at its end`() {
        var book = ProviderBook()
        book.begin()
        for text in [line("tap1", "i-1"), line("tap2", "i-2"), #"{"complete": true}"#] { _ = book.take(text) }
        expect(&book, line("tap2", "i-2"), .nothing)
        expect(&book, line("tap3", "i-3"), .changed)
        #expect(instances(book, "tap1", "tap2", "tap3") == ["i-1", "i-2", "i-3"])
        expect(&book, #"{"complete": true}"#, .changed)
        #expect(instances(book, "tap1", "tap2", "tap3") == [nil, "i-2", "i-3"])
        expect(&book, #"{"complete": true}"#, .changed)
        #expect(book.count == 0)
    }

    @Test func `a provider that knows nothing has told all`() {
        var book = ProviderBook()
        book.begin()
        expect(&book, #"{"complete": true}"#, .changed)
        #expect(book.listing?.isComplete == true)
        #expect(book.count == 0)
    }

    @Test func `interfaces are bounded, and those that are known can still change`() {
        var book = ProviderBook()
        book.begin()
        for number in 0..<ProviderBook.mostInterfaces { _ = book.take(#"{"interface": "t\#(number)"}"#) }
        expect(&book, line("more", "i"), .refused("it is about more than 65536 interfaces"))
        expect(&book, line("t0", "i-0"), .changed)
        #expect(book.count == ProviderBook.mostInterfaces)
    }
}
