// SPDX-License-Identifier: Apache-2.0

/// What is wrong with the configuration, as one sentence without its full stop.
package struct ConfigurationError: Error, Equatable, CustomStringConvertible {
    package let place: ConfigurationPlace?
    /// What is wrong, and what is allowed.
    package let problem: String

    package init(_ place: ConfigurationPlace?, _ problem: String) {
        self.place = place
        self.problem = problem
    }

    package var description: String {
        guard let place else { return problem }
        return "\(place): \(problem)"
    }
}

/// A line of a configuration file.
package struct ConfigurationPlace: Equatable, Sendable, CustomStringConvertible {
    package let file: String
    /// Counted from 1.
    package let line: Int

    package init(file: String, line: Int) {
        self.file = file
        self.line = line
    }

    package var description: String { "\(file):\(line)" }
}
