// SPDX-License-Identifier: Apache-2.0

import CWeirABI
import Dispatch
import Synchronization

/// A program that is being loaded on another thread, or was loaded already.
///
/// The verifier takes one CPU some 20 ms a program, and attaching one waits as long for the kernel: the two go beside
/// one another, and programs beside programs: as many as there are CPUs, in their order, since whoever attaches waits for
/// the first.
final class ProgramLoading: Sendable {
    private enum State: ~Copyable {
        case pending
        case loaded(Program)
        case failed(KernelError)
        case taken
    }

    private let state: Mutex<State>
    private let end = DispatchSemaphore(value: 0)
    private static let turns = OrderedTurns(width: max(1, ThreadCPU.online))

    /// A program that is there already.
    init(_ program: consuming Program) {
        state = Mutex(.loaded(program))
        end.signal()
    }

    /// Begins to load a copy.
    ///
    init(_ image: ProgramImage, _ configuration: weir_port_config, _ own: consuming PortMaps) {
        state = Mutex(.pending)
        let own = Mutex<PortMaps?>(own)
        let turn = Self.turns.ask()
        InheritingThread.start { [self] in
            turn.wait()
            defer { Self.turns.end() }
            if let own = own.withLock({ $0.take() }) { finish(image, configuration, own) }
            end.signal()
        }
    }

    private func finish(
        _ image: ProgramImage, _ configuration: weir_port_config, _ own: borrowing PortMaps
    ) {
        do throws(KernelError) {
            let program = try image.load(configuration, own)
            set(.loaded(program))
        } catch {
            set(.failed(error))
        }
    }

    private func set(_ new: consuming sending State) {
        var new: State? = consume new
        state.withLock { state in
            if let value = new.take() { state = value }
        }
    }

    /// Waits until it is loaded, and hands it over: once.
    func take() throws(KernelError) -> Program {
        end.wait()
        var state = State.taken
        self.state.withLock { swap(&$0, &state) }
        switch consume state {
        case .loaded(let program): return program
        case .failed(let error): throw error
        case .pending: preconditionFailure("a program is taken when it is loaded")
        case .taken: preconditionFailure("a program is taken once")
        }
    }
}
