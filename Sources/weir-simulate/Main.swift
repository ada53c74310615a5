// SPDX-License-Identifier: Apache-2.0

import FlowSimulation
import Glibc
import SystemPackage

/// `weir-simulate SEEDS [MUTATION]`: runs seeds of the simulated host, for example `1..1000`; a single one prints what happens.
///
/// Exit status 0 where all are lawful, 1 where one is not, 2 where the arguments are wrong. With a mutation it ends with status 0 at the first
/// seed that finds it, else with 1.
@main
struct Main {
    static func main() {
        let arguments = CommandLine.arguments.dropFirst()
        guard let seeds = arguments.first.flatMap(seeds), let mutations = mutations(arguments.dropFirst()) else {
            let names = Mutation.allCases.map(\.rawValue).joined(separator: "|")
            say("Usage: weir-simulate SEED|FIRST..LAST [\(names)]")
            exit(2)
        }
        exit(run(seeds, mutations.first) ? 0 : 1)
    }

    /// At once, also where a seed after it ends the process.
    private static func say(_ line: String) { _ = try? FileDescriptor.standardOutput.writeAll((line + "\n").utf8) }

    private static func seeds(_ text: String) -> ClosedRange<UInt64>? {
        let numbers = text.split(separator: ".").map { UInt64($0) }
        guard numbers.count <= 2, let first = numbers.first ?? nil, let last = numbers.last ?? nil, first <= last else {
            return nil
        }
        return first...last
    }

    private static func mutations(_ words: ArraySlice<String>) -> [Mutation]? {
        let mutations = words.map { Mutation(rawValue: $0) }
        return mutations.contains(nil) || mutations.count > 1 ? nil : mutations.compactMap(\.self)
    }

    /// Whether all are lawful, or the mutation was found.
    private static func run(_ seeds: ClosedRange<UInt64>, _ mutation: Mutation?) -> Bool {
        var failed = 0
        var sums = Simulation.Outcome()
        for seed in seeds {
            let outcome = Simulation.run(seed: seed, mutation, isTraced: seeds.count == 1)
            sums.add(outcome)
            guard !outcome.violations.isEmpty else { continue }
            failed += 1
            say("seed \(seed):")
            for violation in outcome.violations { say("  \(violation)") }
            if let mutation {
                say("\(mutation.rawValue) was found at seed \(seed)")
                return true
            }
        }
        say(
            """
            seeds \(seeds.lowerBound) to \(seeds.upperBound): \(failed) failed; \(sums.windows) windows, of which \
            \(sums.shortened) lost their flows and \(sums.expired) went; \(sums.merges) hours were merged; \(sums.deaths) \
            processes died, the host crashed \(sums.crashes) times
            """)
        return failed == 0 && mutation == nil
    }
}
