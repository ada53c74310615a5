// SPDX-License-Identifier: Apache-2.0

/// A step of a start: what it does, and how that is undone where a later step fails.
struct StartStep<Parts: ~Copyable> {
    let name: String
    let act: (inout Parts) throws -> Void
    /// Called only where `act` did not throw.
    let undo: (inout Parts) -> Void

    init(
        _ name: String, _ act: @escaping (inout Parts) throws -> Void, undo: @escaping (inout Parts) -> Void = { _ in }
    ) {
        self.name = name
        self.act = act
        self.undo = undo
    }

    /// Does one step after the other. Where one throws, those before it are undone, the last one first, and the error is thrown on.
    static func run(_ steps: [Self], on parts: inout Parts) throws {
        for (index, step) in steps.enumerated() {
            do {
                try step.act(&parts)
            } catch {
                for done in steps[..<index].reversed() { done.undo(&parts) }
                throw error
            }
        }
    }
}
