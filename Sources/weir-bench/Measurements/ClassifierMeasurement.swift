// SPDX-License-Identifier: Apache-2.0

import FlowBench
import FlowKernel
import FlowTestKit
import FlowVerdict
import Host

/// What the classifier of user space takes, against the number of masks, after it was compared with going through all rules.
struct ClassifierMeasurement {
    private static let rules = 10_000
    private static let maskCounts = [1, 2, 4, 8, 16, 32, 64, 128]
    /// All of them have room in the cache.
    private static let hotKeys = 1024
    private static let allKeys = 1 << 18

    let settings: Settings

    func figures() throws -> [ClassifierFigure] {
        try compare(masks: 64, lookups: settings.isQuick ? 100_000 : 1_000_000)
        return Self.maskCounts.map(figure)
    }

    /// Throws where the classifier finds another rule than a search through all of them, cached or not.
    private func compare(masks: Int, lookups: Int) throws {
        Progress.say("\(lookups) lookups, against going through \(Self.rules) rules of \(masks) masks")
        var rules = ClassifierRules(rules: Self.rules, masks: masks, seed: Settings.seed)
        let linear = rules.linear
        var classifier = PolicyClassifier(rules.policy)
        let keys = rules.keys(lookups)
        let found = classifier.numbers(for: keys)
        guard found == classifier.numbers(for: keys), found == classifier.numbersPastCache(for: keys) else {
            throw BenchFailure(description: "the cache says something else than the rules")
        }
        for (key, number) in zip(keys, found) where linear.value(of: key.words) != number {
            throw BenchFailure(description: "of \(key) the classifier says \(number)")
        }
    }

    private func figure(masks: Int) -> ClassifierFigure {
        Progress.say("classifier, \(masks) masks")
        var rules = ClassifierRules(rules: Self.rules, masks: masks, seed: Settings.seed)
        var generator = SplitMix64(seed: Settings.seed)
        let all = rules.keys(Self.allKeys)
        let hot = (0..<Self.allKeys).map { all[$0 % Self.hotKeys] }
        let zipf = FlowDistribution.zipf.sequence(packets: Self.allKeys, flows: Self.allKeys, using: &generator)
            .map { all[Int($0)] }
        var classifier = PolicyClassifier(rules.policy)
        var (cached, tupleSpace, both) = (Samples(), Samples(), Samples())
        _ = classifier.numbers(for: hot)
        for _ in 0..<settings.rounds {
            cached.append(Self.time { _ = classifier.numbers(for: hot) })
            tupleSpace.append(Self.time { _ = classifier.numbersPastCache(for: all) })
        }
        let (hits, misses) = (classifier.cacheHits, classifier.cacheMisses)
        for _ in 0..<settings.rounds { both.append(Self.time { _ = classifier.numbers(for: zipf) }) }
        let looked = Double(classifier.cacheHits - hits + classifier.cacheMisses - misses)
        return ClassifierFigure(
            masks: masks, rules: Self.rules, cached: cached.figure, tupleSpace: tupleSpace.figure, both: both.figure,
            hitRatio: (Double(classifier.cacheHits - hits) / looked * 1000).rounded() / 1000)
    }

    private static func time(_ body: () -> Void) -> Double { ThreadCPU.time(of: body) / .nanoseconds(allKeys) }
}
