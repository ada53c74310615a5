// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// The terminal that a process shows a screen on, with keys read one by one (termios(3)).
///
/// While it is open, the terminal echoes nothing, sends each key at once, and shows its other screen (ECMA-48, and xterm's modes 25, 1049 and 7):
/// what was on it before is there again afterwards. Signals that would end the process are handed over as events, so that the terminal is
/// always given back. Make it before the process has a second thread. Used from one thread.
package final class TerminalDevice {
    /// What the wait was ended by.
    package enum Event: Equatable, Sendable {
        /// Bytes from the keyboard.
        case input([UInt8])
        /// The size may have changed, or the process goes on after it was stopped: draw everything anew.
        case changed
        /// The process is to end.
        case ended
        /// Nothing, for as long as that.
        case timeout
    }

    package struct Size: Equatable, Sendable {
        package var rows: Int
        package var columns: Int

        package init(rows: Int, columns: Int) {
            self.rows = rows
            self.columns = columns
        }
    }

    private let signals: TerminalSignals
    private var original = termios()
    private var isOpen = false

    private static let enter = "\u{1B}[?1049h\u{1B}[?25l\u{1B}[?7l\u{1B}[2J"
    private static let leave = "\u{1B}[?7h\u{1B}[?25h\u{1B}[?1049l"

    /// Whether keys can be read and a screen can be shown.
    package static var isThere: Bool {
        guard let kind = unsafe getenv("TERM").map({ unsafe String(cString: $0) }), kind != "dumb" else { return false }
        return isatty(STDIN_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
    }

    /// Opens the terminal.
    package init() throws(KernelError) {
        signals = try TerminalSignals()
        signals.follow()
        try open()
    }

    deinit { close() }

    private func open() throws(KernelError) {
        guard unsafe tcgetattr(STDIN_FILENO, &original) == 0 else {
            throw KernelError(errno: errno, "cannot read the terminal's settings")
        }
        var raw = original
        unsafe cfmakeraw(&raw)
        guard unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw) == 0 else {
            throw KernelError(errno: errno, "cannot change the terminal's settings")
        }
        isOpen = true
        write(Array(Self.enter.utf8))
    }

    /// Gives the terminal back as it was.
    package func close() {
        guard isOpen else { return }
        isOpen = false
        write(Array(Self.leave.utf8))
        _ = unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &original)
    }

    /// Stops the process, as Ctrl-Z does, until a shell lets it go on. The terminal is given back meanwhile.
    package func suspend() throws(KernelError) {
        close()
        _ = kill(0, SIGTSTP)
        try open()
    }

    /// 24 × 80 where the terminal does not say.
    package static var size: Size {
        var size = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_row > 0, size.ws_col > 0 else {
            return Size(rows: 24, columns: 80)
        }
        return Size(rows: Int(size.ws_row), columns: Int(size.ws_col))
    }

    /// Writes all of it. What a terminal that is gone does not take is lost; an `ended` follows.
    package func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count < 0, errno != EINTR { return signals.end() }
            if count > 0 { rest = rest.dropFirst(count) }
        }
    }

    /// Blocks until something happens, or the time is over.
    package func wait(atMost duration: Duration) -> Event {
        if let event = signals.next() { return event }
        guard signals.bell.wait(atMost: duration, orForReadable: STDIN_FILENO) else { return .timeout }
        if let event = signals.next() { return event }
        var places = [pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)]
        guard unsafe poll(&places, 1, 0) > 0 else { return .timeout }
        var bytes = [UInt8](repeating: 0, count: 256)
        let count = unsafe read(STDIN_FILENO, &bytes, bytes.count)
        if count > 0 { return .input(Array(bytes.prefix(count))) }
        return count < 0 && errno == EINTR ? .timeout : .ended
    }
}

/// The signals of a terminal, which another thread waits for.
private final class TerminalSignals: Sendable {
    let bell: Bell
    private let state = Mutex((hasChanged: false, hasEnded: false))
    private let awaited: AwaitedSignals

    init() throws(KernelError) {
        bell = try Bell()
        awaited = AwaitedSignals(blocking: [SIGWINCH, SIGCONT, SIGTERM, SIGINT, SIGHUP, SIGQUIT])
    }

    func follow() {
        _ = HostThread(named: "weir-terminal") { [self] in
            while true {
                if [SIGWINCH, SIGCONT].contains(awaited.next().number) { change() } else { end() }
            }
        }
    }

    private func change() {
        state.withLock { $0.hasChanged = true }
        bell.ring()
    }

    func end() {
        state.withLock { $0.hasEnded = true }
        bell.ring()
    }

    /// What has come; each once, but the end again and again.
    func next() -> TerminalDevice.Event? {
        state.withLock { state in
            if state.hasEnded { return .ended }
            defer { state.hasChanged = false }
            return state.hasChanged ? .changed : nil
        }
    }
}
