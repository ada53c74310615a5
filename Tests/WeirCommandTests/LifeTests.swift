// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    /// The daemon as a service: its log, its start, signals.
    @Suite struct LifeTests {
        @Test func `the log has a line at the start, one at the end, and tells of names that are waited for`() throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-a", "--port", "late0", "--port", "vm*", "--interval", "1", "--log-dir", site.logs)
                try site.left.addPair("eth2", to: site.hub, "late0")
                try waitUntil("late0 is attached") {
                    try site.status().ports.map { [$0.name, $0.state] } == [
                        ["port-a", "attached"], ["late0", "attached"],
                    ]
                }
                #expect(daemon.stop().status == 0)
                let lines = daemon.errors.split(separator: "\n").map { $0.replacing(#/^\S+Z /#, with: "") }
                try #require(lines.count == 4, "\(daemon.errors)")
                #expect(
                    lines[0].wholeMatch(
                        of:
                            #/notice: weir \S+ is measuring port-a, a window every 1 s; the store in \S+, aws files under \S+, the first at \S+Z/#
                    ) != nil, "\(lines[0])")
                #expect(
                    lines[1] == "warning: no interface is called late0, vm* yet; each is attached when it comes")
                #expect(lines[2] == "notice: attached late0 as port 2")
                #expect(
                    lines[3].wholeMatch(
                        of:
                            #/notice: ended after SIGTERM from pid \d+ \(.+\): \d+ windows?, \d+ records?, 0 packets unaccounted; port-a, late0 go on counting \(weir detach --all ends that\)/#
                    ) != nil, "\(lines[3])")
            }
        }

        @Test func `flags name accounts, folders and periods as the keys of the file do`() throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-a", "--log-dir", site.logs, "--interval", "2", "--account-id", "42", "--region",
                    "here-1", "--layout", "hive", "--hourly", "--publish-period", "1s")
                var traffic = Traffic()
                try traffic.send(site, datagrams: 5, of: 5)
                #expect(daemon.stop().status == 0)
                let path =
                    #/.+/AWSLogs/aws-account-id=42/aws-service=vpcflowlogs/aws-region=here-1/year=\d{4}/month=\d\d/day=\d\d/hour=\d\d/42_.+/#
                let files = try site.logFiles()
                #expect(!files.isEmpty && files.allSatisfy { $0.wholeMatch(of: path) != nil }, "\(files)")
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected(of: "port-a"))
                #expect(
                    daemon.errors.contains(
                        "warning: publish-period (1s) is shorter than a window (2s): there is a file for each window\n")
                )
            }
        }

        @Test func `status shows rates of the last window, and the policy in force without a daemon, too`() throws {
            try Site.with { site in
                try site.write("groups: []\nports:\n  - {match: port-b, groups: [], mode: audit}\n", to: "policy.yaml")
                try site.weir("attach", "port-a", "port-b")
                try site.weir("policy", "load", site.path("policy.yaml"))
                let without = try site.weir("status")
                #expect(without.contains(#/\npolicy    version 1, \d+ rules?; audit on port-b\n/#), "\(without)")
                #expect(!without.contains("PACKETS/S"))
                #expect(try site.status().policy?.ports == ["port-b": "audit"])
                let daemon = try site.daemon("--port", "port-a", "--interval", "2", "--log-dir", site.logs)
                var traffic = Traffic()
                try traffic.send(site, datagrams: 20, of: 20)
                try waitUntil("there is a rate") {
                    try site.status().ports.contains { $0.name == "port-a" && ($0.egress.rate?.packets ?? 0) > 0 }
                }
                let status = try site.status()
                let window = try #require(status.daemon?.windows.last)
                for port in status.ports {
                    let counted = try #require(window.ports[port.name]).egress
                    #expect(port.egress.rate?.packets == Double(counted.packets) / window.seconds)
                    #expect(port.egress.rate?.bytes == Double(counted.bytes) / window.seconds)
                }
                #expect(try site.weir("status").contains(#/ PACKETS +OCTETS +PACKETS\/S +OCTETS\/S /#))
                #expect(daemon.stop().status == 0)
                try site.weir("policy", "unload")
                #expect(try site.status().policy == nil)
            }
        }

        @Test func `a port that cannot be attached is named, and the others are measured`() throws {
            try Site.with { site in
                let other = site.bpffs + "-other"
                defer { try? FileManager.default.removeItem(atPath: other) }
                try site.weir("attach", "port-a", "--hook", "xdp", "--bpffs", other)
                try site.write(
                    "ports:\n  - match: port-a\n    hook: xdp\n  - port-b\n", to: "weir.yaml")
                let daemon = try site.daemon("--log-dir", site.logs)
                let reason = try #require(try site.status().daemon?.ports.refused["port-a"])
                #expect(reason.hasPrefix("cannot attach XDP to port-a: the XDP program weir_xdp_from "))
                #expect(daemon.errors.contains("error: \(reason); measuring goes on without\n"))
                #expect(try site.weir("status").hasSuffix("\nport-a: not measured: \(reason)\n"))
                let check = try site.outcome("status", "--check")
                #expect(check.status == 2 && check.output == "CRITICAL: port-a is not measured: \(reason)\n")
                #expect(try site.status().ports.map(\.name) == ["port-b"])
                // Where the obstacle is away, a reload tries again.
                try site.weir("detach", "port-a", "--bpffs", other)
                daemon.signal(SIGHUP)
                try waitUntil("port-a is measured") { try site.status().ports.map(\.name) == ["port-b", "port-a"] }
                #expect(try site.outcome("status", "--check").status == 0)
            }
        }

        @Test func `where nothing that is there can be attached, the daemon ends and leaves nothing`() throws {
            try Site.with { site in
                let other = site.bpffs + "-other"
                defer { try? FileManager.default.removeItem(atPath: other) }
                try site.weir("attach", "port-a", "--hook", "xdp", "--bpffs", other)
                try site.write("ports:\n  - match: port-a\n    hook: xdp\n", to: "weir.yaml")
                let result = try site.outcome("run")
                #expect(result.status == 1 && result.errors.hasPrefix("weir: cannot attach XDP to port-a: "))
                #expect(!FileManager.default.fileExists(atPath: site.bpffs))
                #expect(!FileManager.default.fileExists(atPath: site.path("state")))
                try site.weir("detach", "port-a", "--bpffs", other)
            }
        }

        /// Prints each datagram as one line.
        private static let listener = """
            import socket, sys
            manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
            manager.bind(sys.argv[1])
            while True:
                print(manager.recv(65536).decode().replace("\\n", " "), flush=True)
            """

        /// Takes the lock under which ports are attached, and leaves others little of it; from SIGUSR1 on it keeps it.
        private static let hog = """
            import fcntl, glob, os, signal, sys, time
            keeps = False
            def keep(*_):
                global keeps
                keeps = True
            signal.signal(signal.SIGUSR1, keep)
            folder = os.open(glob.glob(sys.argv[1] + "/*/ports")[0], os.O_RDONLY)
            while True:
                fcntl.flock(folder, fcntl.LOCK_EX)
                time.sleep(2)
                while keeps: time.sleep(1)
                fcntl.flock(folder, fcntl.LOCK_UN)
                time.sleep(0.03)
            """

        @Test func `while it starts, status tells how far it is, the manager waits, and windows are closed`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a")
                try makePairs(40, in: site.hub)
                let address = site.path("notify")
                let manager = try ChildProcess(["python3", "-c", Self.listener, address])
                let hog = try ChildProcess(["python3", "-c", Self.hog, site.bpffs])
                defer { for process in [manager, hog] { process.stop(SIGKILL) } }
                try waitUntil("the manager listens") { FileManager.default.fileExists(atPath: address) }
                let daemon = try site.start(
                    ["--port", "swarm*", "--interval", "1", "--log-dir", site.logs],
                    environment: ["NOTIFY_SOCKET": address])
                let progress = #/daemon    pid \d+, starting: attached \d+ of 80 ports\n/#
                try waitUntil("status tells how far it is") {
                    try site.weir("status").prefixMatch(of: progress) != nil
                }
                hog.signal(SIGUSR1)
                let check = try site.outcome("status", "--check")
                #expect(check.status == 1 && check.output.hasPrefix("WARNING: the daemon is starting: attached "))
                try waitUntil("the manager hears of it") {
                    manager.output.contains("EXTEND_TIMEOUT_USEC=60000000\nSTATUS=starting: attached ")
                }
                try waitUntil("a window is closed meanwhile") {
                    try site.status().daemon.map { $0.windows.closed > 0 } ?? false
                }
                #expect(!manager.output.contains("READY=1"))
                hog.stop(SIGKILL)
                try waitUntil("the manager hears of the end of the start", within: .seconds(60)) {
                    manager.output.contains("READY=1\n")
                }
                #expect(try site.status().ports.filter { $0.state == "attached" }.count == 81)
                #expect(daemon.stop().status == 0)
            }
        }

        /// Makes pairs of interfaces whose names begin with "swarm".
        private func makePairs(_ count: Int, in namespace: NetworkNamespace) throws {
            let commands = (0..<count).map { "link add swarm\($0) type veth peer name swarm-\($0)" }
            _ = try namespace.run(["sh", "-c", "printf '\(commands.joined(separator: "\\n"))\\n' | ip -batch -"])
        }

        @Test func `signals end the daemon cleanly or not at all, and are named in the log`() throws {
            try Site.with { site in
                let daemon = try site.daemon("--port", "port-a", "--log-dir", site.logs)
                let ignored = [
                    SIGUSR1: "SIGUSR1", SIGUSR2: "SIGUSR2", SIGALRM: "SIGALRM", SIGVTALRM: "SIGVTALRM",
                    SIGPROF: "SIGPROF", SIGPOLL: "SIGPOLL", SIGPWR: "SIGPWR", SIGSTKFLT: "SIGSTKFLT",
                    SIGXCPU: "SIGXCPU", 40: "SIGRTMIN+6",
                ]
                for (number, name) in ignored.sorted(by: { $0.key < $1.key }) {
                    daemon.signal(number)
                    let me = ProcessInfo.processInfo.processIdentifier
                    try waitUntil("\(name) is named") {
                        daemon.errors.contains(
                            try Regex(
                                "warning: \(name.replacing("+", with: "\\+")) from pid \(me) .*has no meaning here"))
                    }
                }
                for silent in [SIGPIPE, SIGXFSZ] { daemon.signal(silent) }
                var traffic = Traffic()
                try traffic.send(site, datagrams: 12, of: 12)
                let result = daemon.stop(SIGQUIT)
                #expect(result.status == 0 && result.errors.contains("notice: ended after SIGQUIT from pid "))
                #expect(try LogLines.sums(try site.awsLines()) == traffic.expected(of: "port-a"))
            }
        }

        @Test func `in the journal a line has its priority and no time of its own`() throws {
            try Site.with { site in
                // What systemd does: standard error is a stream socket, and a variable names its inode.
                let journal = """
                    import os, socket, sys
                    ours, theirs = socket.socketpair()
                    status = os.fstat(theirs.fileno())
                    os.environ["JOURNAL_STREAM"] = "%d:%d" % (status.st_dev, status.st_ino)
                    if os.fork() == 0:
                        os.dup2(theirs.fileno(), 2)
                        os.execvp(sys.argv[1], sys.argv[1:])
                    theirs.close()
                    text = b""
                    while True:
                        more = ours.recv(4096)
                        if not more: break
                        text += more
                    print(text.decode(), end="")
                    """
                let script = """
                    "$0" run --port port-a --port nope --log-dir \(site.logs) &
                    for _ in $(seq 200); do "$0" status 2>/dev/null | grep -q 'a window every' && break; sleep 0.1; done
                    kill $!
                    wait $!
                    """
                let result = try ChildProcess.outcome(
                    of: ["python3", "-c", journal] + [
                        "nsenter", "--net=\(site.hub.path)", "sh", "-c", script, Site.binary,
                    ],
                    environment: site.environment)
                let heads = result.output.split(separator: "\n").map { String($0.prefix(12)) }
                #expect(
                    heads.first == "<5>weir 0.1." && heads.contains("<4>no interf") && heads.last == "<5>ended aft",
                    "\(result)")
                let failing = try ChildProcess.outcome(
                    of: ["python3", "-c", journal, Site.binary, "run", "--config", site.path("none.yaml")],
                    environment: site.environment)
                #expect(failing.output.hasPrefix("<3>weir: cannot read the configuration "), "\(failing)")
            }
        }
    }
}
