// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Signals that are waited for instead of interrupting (sigwaitinfo(2)).
///
/// A new thread inherits the signal mask of the thread that makes it. So block these signals before the process has a second
/// thread: then no other thread receives them. The kernel keeps a signal that comes before `next` is called.
package struct AwaitedSignals: Sendable {
    /// A signal that has come.
    package struct Delivery: Equatable, Sendable {
        package var number: CInt
        /// The process that sent it; nil where it was the kernel, for example for a terminal.
        package var sender: Int32?

        package init(number: CInt, sender: Int32? = nil) {
            self.number = number
            self.sender = sender
        }
    }

    private let numbers: [CInt]

    /// Blocks these signals for this thread and those that it makes.
    package init(blocking numbers: [CInt]) {
        self.numbers = numbers
        var set = Self.set(of: numbers)
        // It fails for a wrong argument alone.
        _ = unsafe pthread_sigmask(SIG_BLOCK, &set, nil)
    }

    /// Blocks the thread until one of them comes.
    package func next() -> Delivery {
        var set = Self.set(of: numbers)
        while true {
            var facts = unsafe siginfo_t()
            let number = unsafe sigwaitinfo(&set, &facts)
            guard number > 0 else { continue }
            let isFromProcess = unsafe facts.si_code <= 0
            let sender = unsafe facts._sifields._kill.si_pid
            return Delivery(number: number, sender: isFromProcess && sender > 0 ? sender : nil)
        }
    }

    private static func set(of numbers: [CInt]) -> sigset_t {
        var set = sigset_t()
        unsafe sigemptyset(&set)
        for number in numbers { unsafe sigaddset(&set, number) }
        return set
    }
}

extension AwaitedSignals.Delivery {
    /// The signal's name, with what sent it: `SIGTERM from pid 1 (systemd)`.
    package var text: String {
        guard let sender else { return Self.name(of: number) }
        let program = ProcFile.command(of: sender).map { " (\($0))" } ?? ""
        return "\(Self.name(of: number)) from pid \(sender)\(program)"
    }

    /// Its name as kill(1) knows it.
    package static func name(of number: CInt) -> String {
        if let name = names[number] { return name }
        return number >= __libc_current_sigrtmin()
            ? "SIGRTMIN+\(number - __libc_current_sigrtmin())" : "signal \(number)"
    }

    private static let names: [CInt: String] = [
        SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGTERM: "SIGTERM", SIGUSR1: "SIGUSR1",
        SIGUSR2: "SIGUSR2", SIGALRM: "SIGALRM", SIGVTALRM: "SIGVTALRM", SIGPROF: "SIGPROF", SIGPOLL: "SIGPOLL",
        SIGPWR: "SIGPWR", SIGSTKFLT: "SIGSTKFLT", SIGXCPU: "SIGXCPU", SIGTRAP: "SIGTRAP",
    ]
}

extension AwaitedSignals {
    /// Those that end a process unless it says otherwise, and that another process or an operator may send: not those
    /// that tell of a fault of the process itself.
    package static var fatal: [CInt] {
        [
            SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM, SIGVTALRM, SIGPROF, SIGPOLL, SIGPWR, SIGSTKFLT,
            SIGXCPU,
        ] + Array(__libc_current_sigrtmin()...__libc_current_sigrtmax())
    }
}
