// SPDX-License-Identifier: Apache-2.0

/// When the processes are looked at. Pure.
///
/// At once when something happens to a tap, every second for a while after that, every five seconds while there are machines, and once a
/// minute while there are taps without. Never where there is no tap.
struct LookPace {
    enum Look: Equatable { case quick, thorough }

    /// Between two looks, whatever happens.
    static let least = Duration.milliseconds(250)
    static let wakeful = Duration.seconds(10)
    static let wakefulPeriod = Duration.seconds(1)
    static let usualPeriod = Duration.seconds(5)
    static let thoroughPeriod = Duration.seconds(60)

    private var news: ContinuousClock.Instant?
    private var isNewsWaiting = false
    private var looked: ContinuousClock.Instant?
    private var lookedThoroughly: ContinuousClock.Instant?

    mutating func noteNews(_ now: ContinuousClock.Instant) {
        news = now
        isNewsWaiting = true
    }

    mutating func noteLook(_ look: Look, _ now: ContinuousClock.Instant) {
        looked = now
        isNewsWaiting = false
        if look == .thorough { lookedThoroughly = now }
    }

    /// The look that is due; nil where none is.
    func due(_ now: ContinuousClock.Instant, hasTaps: Bool, hasMachines: Bool) -> Look? {
        guard pause(now, hasTaps: hasTaps, hasMachines: hasMachines) <= .zero else { return nil }
        let isWakeful = news.map { now - $0 <= Self.wakeful } ?? false
        let isDue = lookedThoroughly.map { now - $0 >= Self.thoroughPeriod } ?? true
        return isWakeful || isNewsWaiting || isDue || !hasTaps ? .thorough : .quick
    }

    /// How long until the next look.
    func pause(_ now: ContinuousClock.Instant, hasTaps: Bool, hasMachines: Bool) -> Duration {
        guard let looked else { return isNewsWaiting ? .zero : .seconds(3600) }
        if isNewsWaiting { return max(.zero, Self.least - (now - looked)) }
        guard hasTaps else { return .seconds(3600) }
        let isWakeful = news.map { now - $0 <= Self.wakeful } ?? false
        let period = isWakeful ? Self.wakefulPeriod : hasMachines ? Self.usualPeriod : Self.thoroughPeriod
        return max(.zero, period - (now - looked))
    }
}
