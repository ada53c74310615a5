// SPDX-License-Identifier: Apache-2.0

import HostMonitor
import PortDirectory

/// What a provider has said, over all the processes that it was.
///
/// A provider tells in rounds. A round ends with the line that says that it has told all; what was not said in it is forgotten then. A new
/// process begins a round, which also ends when the process ends with status 0, or says nothing for a while.
struct ProviderBook {
    /// What a line was.
    enum Effect: Equatable {
        /// It says nothing that was not known.
        case nothing
        case changed
        /// It is about a machine's figures, and says nothing of interfaces.
        case figures
        case refused(String)
    }

    private struct Entry {
        var facts: PortFacts
        /// In which it was said last.
        var round: Int
    }

    /// Interfaces of one provider.
    static let mostInterfaces = 65_536

    /// What it says of machines.
    private(set) var machines = MachineBook()

    private var entries: [String: Entry] = [:]
    private var round = 0
    /// Whether the process that runs now has told all that it knows.
    private var isSettled = false
    /// Whether any process ever has.
    private(set) var isComplete = false

    var count: Int { entries.count }

    /// A new process begins to tell.
    mutating func begin() {
        round += 1
        isSettled = false
    }

    /// Takes a line that is not empty.
    mutating func take(_ text: String) -> Effect {
        do throws(ProviderLine.Refusal) {
            switch try ProviderLine(text) {
            case .complete: return endRound() ? .changed : .nothing
            case .gone(let name): return entries.removeValue(forKey: name) == nil ? .nothing : .changed
            case .facts(let name, let facts): return note(facts, of: name)
            case .machine(let sample):
                return machines.take(sample) ? .figures : .refused("it is about more machines than there can be")
            case .machinesComplete: machines.endRound()
            case .machinesFailure(let reason): machines.fail(reason)
            }
            return .figures
        } catch {
            return .refused(error.description)
        }
    }

    private mutating func note(_ facts: PortFacts, of name: String) -> Effect {
        let old = entries[name]
        guard old != nil || entries.count < Self.mostInterfaces else {
            return .refused("it is about more than \(Self.mostInterfaces) interfaces")
        }
        entries[name] = Entry(facts: facts, round: round)
        return old?.facts == facts ? .nothing : .changed
    }

    /// The process that runs now has told all that it knows, unless it has said so itself. Whether that changes anything.
    mutating func settle() -> Bool { isSettled ? false : endRound() }

    private mutating func endRound() -> Bool {
        let old = (entries.count, isComplete)
        let current = round
        entries = entries.filter { $0.value.round == current }
        (round, isSettled, isComplete) = (round + 1, true, true)
        return (entries.count, isComplete) != old
    }

    /// nil while it has said nothing at all.
    var listing: PortListing? {
        guard isComplete || !entries.isEmpty else { return nil }
        let facts = entries.mapValues(\.facts)
        return PortListing(isComplete: isComplete) { facts[$0] }
    }
}
