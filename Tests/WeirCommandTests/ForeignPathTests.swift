// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    /// Paths that another user can change, or leads elsewhere by a link.
    @Suite struct ForeignPathTests {
        private static let remedy = ", or choose another directory (--state-dir)"

        @Test func `state that another user can change is refused, by what lies where it is and on the way there`()
            throws
        {
            try Site.with { site in
                try site.foreigner(
                    """
                    mkdir -m 755 theirs; mkdir -m 755 theirs/state; ln -s \(site.path("ours")) link; mkdir -m 1777 sticky
                    """)
                try ChildProcess.run(["mkdir", "-m", "777", site.path("open"), site.path("open/state")])
                for (state, reason) in [
                    (
                        "home/theirs/state",
                        "FOLDER/home belongs to user 65534, who can change what is there; give it to root (chown root FOLDER/home)"
                    ),
                    ("open/state", "other users can write FOLDER/open (mode 0777); forbid it (chmod go-w FOLDER/open)"),
                ] {
                    try site.expect(
                        Refusal(
                            "run --port port-a --log-dir FOLDER/logs --state-dir FOLDER/\(state)",
                            "cannot keep a journal in FOLDER/\(state): \(reason)" + Self.remedy))
                }
                try ChildProcess.run(["chown", "root", site.path("home")])
                try site.expect(
                    Refusal(
                        "run --port port-a --log-dir FOLDER/logs --state-dir FOLDER/home/link",
                        """
                        cannot keep a journal in FOLDER/home/link: FOLDER/home/link is a symbolic link of user 65534, and Weir \
                        follows those of root and its own user alone; remove it
                        """ + Self.remedy))
                // A link of root's is followed, and a sticky folder on the way is no reason to refuse.
                try ChildProcess.run(["ln", "-s", site.path("ours"), site.path("rootlink")])
                try ChildProcess.run(["mkdir", "-m", "1777", site.path("ours")])
                let daemon = try site.daemon(
                    "--port", "port-a", "--log-dir", site.logs, "--state-dir", site.path("rootlink/s"))
                #expect(daemon.stop().status == 0)
                #expect(FileManager.default.fileExists(atPath: site.path("ours/s/journal")))
            }
        }

        @Test func `pins that another user can change are refused by every command that uses them`() throws {
            try Site.with { site in
                try site.weir("attach", "port-a")
                try ChildProcess.run(["chown", "65534", site.bpffs])
                let sentence = """
                    cannot use the pins in BPFFS: BPFFS belongs to user 65534, who can change what is there; give it to root \
                    (chown root BPFFS); or name another directory with --bpffs
                    """
                for command in ["attach port-b", "detach port-a", "dump", "run --port port-b --stdout"] {
                    try site.expect(Refusal(command, sentence))
                }
                try ChildProcess.run(["chown", "0", site.bpffs])
                try ChildProcess.run(["chmod", "0777", site.bpffs])
                try site.expect(
                    Refusal(
                        "detach --all",
                        """
                        cannot use the pins in BPFFS: other users can write BPFFS (mode 0777); forbid it (chmod go-w BPFFS); or \
                        name another directory with --bpffs
                        """))
                try ChildProcess.run(["chmod", "0700", site.bpffs])
                try site.weir("detach", "port-a")
            }
        }

        @Test func `a control socket in a folder of another user is not made, and measuring goes on`() throws {
            try Site.with { site in
                let socket = site.path("home/weir.sock")
                try site.foreigner("ln -s /etc/passwd weir.sock")
                let daemon = try site.start(["--port", "port-a", "--socket", socket, "--log-dir", site.logs])
                try waitUntil("the trouble is said") { daemon.errors.contains("; measuring goes on\n") }
                #expect(
                    daemon.errors.contains(
                        """
                        cannot answer on \(socket): \(site.path("home")) belongs to user 65534, who can change what is there; \
                        give it to root (chown root \(site.path("home"))); name another socket with --socket or WEIR_SOCKET
                        """))
                #expect(daemon.stop().status == 0)
                #expect(try site.foreigner("readlink weir.sock") == "/etc/passwd\n")
            }
        }

        @Test func `a configuration and a policy that another user can write are refused`() throws {
            try Site.with { site in
                try site.write("groups: []\nports: []\n", to: "policy.yaml")
                try site.weir("attach", "port-a")
                for (mode, owner, reason) in [
                    ("666", "0", "other users can write FOLDER/NAME (mode 0666); forbid it (chmod go-w FOLDER/NAME)"),
                    (
                        "644", "65534",
                        "FOLDER/NAME belongs to user 65534, who can change what is there; give it to root (chown root FOLDER/NAME)"
                    ),
                ] {
                    for name in ["other.yaml", "policy.yaml"] {
                        try site.write(name == "other.yaml" ? "interval: 5s\n" : "groups: []\nports: []\n", to: name)
                        try ChildProcess.run(["chmod", mode, site.path(name)])
                        try ChildProcess.run(["chown", owner, site.path(name)])
                    }
                    try site.expect(
                        Refusal(
                            "run --config FOLDER/other.yaml", status: 2,
                            "cannot read the configuration FOLDER/other.yaml: "
                                + reason.replacing("NAME", with: "other.yaml")
                                + "; name another with --config or WEIR_CONFIG"))
                    try site.expect(
                        Refusal(
                            "policy load FOLDER/policy.yaml", status: 2,
                            "cannot read the policy FOLDER/policy.yaml: "
                                + reason.replacing("NAME", with: "policy.yaml")
                                + "; name the file of a policy"))
                    // Who only asks what it says is told, and the operator behind sudo is an operator.
                    try site.weir("policy", "check", site.path("policy.yaml"))
                }
                let behindSudo = try site.outcome(
                    ["policy", "load", site.path("policy.yaml")], behind: ["env", "SUDO_UID=65534"])
                #expect(behindSudo.status == 0 && behindSudo.errors == "")
                let piped = ["sh", "-c", "cat \(site.path("policy.yaml")) | exec \"$0\" \"$@\""]
                let fromPipe = try site.outcome(["policy", "load", "/dev/stdin"], behind: piped)
                #expect(fromPipe.status == 0 && fromPipe.errors == "")
            }
        }

        /// The example of the issue, and what the user can do while the daemon runs.
        @Test func `a user who owns the log directory has nothing of root's deleted, read or overwritten`() throws {
            try Site.with { site in
                try ChildProcess.run(["mkdir", "-m", "755", site.path("treasure")])
                for name in ["passwd", "2026", "file0"] { try site.write("of root\n", to: "treasure/\(name)") }
                let treasure = { try ChildProcess.run(["sh", "-c", "cd \(site.path("treasure")) && ls -lR && cat *"]) }
                let before = try treasure()
                let arguments = ["--port", "port-[ab]", "--log-dir", site.path("home"), "--interval", "1s"]
                try site.foreigner("chmod 777 .")
                let first = try site.daemon(arguments)
                #expect(first.stop().status == 0)
                let id = try String(contentsOfFile: site.path("state/id"), encoding: .utf8).prefix(16)
                try site.foreigner("ln -s ../treasure .weir-\(id); [ ! -e AWSLogs ] || mv AWSLogs old")

                let daemon = try site.daemon(arguments)
                try waitUntil("it says what it put aside") {
                    daemon.errors.contains("/.weir-\(id) was a symbolic link and is now ")
                }
                #expect(
                    daemon.errors.contains("other users can delete and forge the flow logs in \(site.path("home")): "))
                var traffic = Traffic()
                try traffic.send(site, datagrams: 40, of: 40)
                try site.waitForWindow()
                // Where weir-export makes it anew between, once more.
                try site.foreigner(
                    "n=0; until { mv .weir-\(id) away$n || true; ln -sT ../treasure .weir-\(id); }; "
                        + "do n=$((n + 1)); [ $n -lt 100 ]; done")
                try traffic.send(site, datagrams: 40, of: 40)
                try site.waitForWindow()
                #expect(daemon.stop().status == 0)
                #expect(try LogLines.sums(try site.awsLines(in: site.path("home"))) == traffic.expected)
                #expect(try treasure() == before)
            }
        }
    }
}

extension Site {
    /// What another user does in a folder of his own.
    @discardableResult
    fileprivate func foreigner(_ script: String) throws -> String {
        let home = path("home")
        if !FileManager.default.fileExists(atPath: home) {
            try ChildProcess.run(["install", "-d", "-m", "755", "-o", "65534", home])
        }
        return try ChildProcess.run(
            ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "sh", "-ec", "cd \(home); \(script)"])
    }
}
