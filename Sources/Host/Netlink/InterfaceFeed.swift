// SPDX-License-Identifier: Apache-2.0

/// Makes a list of all interfaces, and after it what changes, of messages in the order in which they come.
///
/// A pure state machine. What happens while the list is on its way is held back until it is complete: a part of the
/// list may be older than what comes before it, never newer than what comes after it, so that the end is right.
package struct InterfaceFeed: Sendable {
    package enum News: Equatable, Sendable {
        /// All interfaces; what was known before is void.
        case listed([InterfaceFacts])
        case changed(InterfaceEvent)
    }

    /// Something is missing: a new list is needed, and a new feed.
    package struct Broken: Error, Equatable {
        package init() {}
    }

    private var listed: [InterfaceFacts] = []
    private var held: [InterfaceEvent] = []
    private var isFollowing = false

    /// Begins with a list that is asked for.
    package init() {}

    /// What the messages say, now that they have come.
    package mutating func take(_ messages: [InterfaceMessages.Message]) throws(Broken) -> [News] {
        var news: [News] = []
        for message in messages {
            switch message {
            case .event(let event): take(event, &news)
            case .listed(.present(let facts)): listed.append(facts)
            case .listed(.gone): break
            case .listEnd: end(&news)
            case .refusal, .malformed: throw Broken()
            }
        }
        return news
    }

    private mutating func take(_ event: InterfaceEvent, _ news: inout [News]) {
        if isFollowing { news.append(.changed(event)) } else { held.append(event) }
    }

    private mutating func end(_ news: inout [News]) {
        guard !isFollowing else { return }
        isFollowing = true
        news.append(.listed(listed))
        news += held.map { .changed($0) }
        listed = []
        held = []
    }
}
