// SPDX-License-Identifier: Apache-2.0

import DaemonReports
import FlowTestKit
import Foundation
import LiveStatus
import Testing

extension WeirCommandSuite {
    @Suite struct PrivilegeTests {
        @Test func `another user than root reads what is missing`() throws {
            try Site.with { site in
                try site.copyBinaryForEverybody()
                let nobody = ["setpriv", "--reuid=65534", "--clear-groups"]
                let missing = """
                    CAP_BPF and CAP_NET_ADMIN and CAP_PERFMON are missing; run as root, or grant them (systemd: \
                    AmbientCapabilities=)
                    """
                try site.expect(Refusal("attach port-a", "cannot measure ports: " + missing), behind: nobody)
                try site.expect(
                    Refusal("run --port port-a --log-dir /tmp/weir-t-nobody", "cannot measure ports: " + missing),
                    behind: nobody)
                #expect(!FileManager.default.fileExists(atPath: "/tmp/weir-t-nobody"))
                try site.weir("attach", "port-a")
                try site.expect(Refusal("detach port-a", "cannot detach ports: " + missing), behind: nobody)
                for command in ["status", "dump"] {
                    try site.expect(
                        Refusal(command, "cannot read BPFFS: it belongs to another user; run as root"), behind: nobody)
                }
            }
        }

        /// CAP_SYS_ADMIN stands for the other two, so it goes with them.
        @Test(arguments: [
            ("net_admin", "CAP_NET_ADMIN"), ("bpf,-sys_admin", "CAP_BPF"), ("perfmon,-sys_admin", "CAP_PERFMON"),
        ])
        func `a capability that is missing is named`(dropped: String, name: String) throws {
            try Site.with { site in
                let wrapper = ["setpriv", "--bounding-set=-\(dropped)", "--inh-caps=-\(dropped)"]
                let missing = "\(name) is missing; run as root, or grant it (systemd: AmbientCapabilities=)"
                try site.expect(Refusal("attach port-a", "cannot measure ports: " + missing), behind: wrapper)
                try site.expect(Refusal("run --port port-a", "cannot measure ports: " + missing), behind: wrapper)
                try site.expect(Refusal("detach port-a", "cannot detach ports: " + missing), behind: wrapper)
            }
        }

        @Test func `the capabilities of the packaged unit are enough`() throws {
            try Site.with { site in
                let kept = ["setpriv", "--bounding-set=-all,+bpf,+net_admin,+perfmon", "--inh-caps=-all"]
                for command in [["attach", "port-a", "--hook", "xdp"], ["dump"], ["detach", "port-a"]] {
                    let result = try site.outcome(command, behind: kept)
                    #expect(result.errors == "" && result.status == 0, "\(command)")
                }
                #expect(try site.isClean())
            }
        }

        @Test func `weir-export has no privileges, and nothing open that is not its own`() throws {
            try Site.with { site in
                let daemon = try site.daemon(
                    "--port", "port-a", "--interval", "1", "--log-dir", site.logs, "--publish-period", "1")
                try site.waitForWindow()
                let pid = try #require(try site.status().daemon?.delivery.export?.pid)
                for task in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task") {
                    let status = try String(contentsOfFile: "/proc/\(pid)/task/\(task)/status", encoding: .utf8)
                    for name in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
                        #expect(status.contains("\(name):\t0000000000000000\n"), "\(task) \(name)")
                    }
                    #expect(status.contains("NoNewPrivs:\t1\n"))
                }
                let own = [site.path("state/flows"), site.path("state/sinks/files"), site.logs, "/dev/null"]
                for name in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/fd") {
                    let target = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/fd/\(name)")
                    guard let target, !["0", "1", "2", "3"].contains(name) else { continue }
                    #expect(own.contains { target == $0 || target.hasPrefix($0 + "/") }, "\(name): \(target)")
                }
                #expect(daemon.stop().status == 0)
            }
        }

        @Test func `what the programs are linked with is what the documentation says`() throws {
            func libraries(_ program: String) throws -> Set<String> {
                let lines = try ChildProcess.run(["ldd", program]).split(separator: "\n")
                // Those of Swift go into the release build.
                return Set(lines.compactMap { $0.split(whereSeparator: \.isWhitespace).first.map(String.init) }).filter
                {
                    !$0.hasPrefix("libswift") && !$0.hasPrefix("lib_F") && !$0.hasPrefix("libFoundation")
                        && !["libdispatch.so", "libBlocksRuntime.so", "linux-vdso.so.1"].contains($0)
                }
            }
            let common: Set = [
                "/lib64/ld-linux-x86-64.so.2", "libc.so.6", "libm.so.6", "libgcc_s.so.1", "libstdc++.so.6",
                "libzstd.so.1",
                "libisal.so.2",
            ]
            let kernel: Set = ["libbpf.so.1", "libxdp.so.1", "libelf.so.1", "libz.so.1"]
            #expect(try libraries(Site.binary).subtracting(common).subtracting(kernel) == [])
            #expect(try libraries(Site.binary + "-export").subtracting(common) == [])
            #expect(try libraries(Site.binary + "-mirror").subtracting(common) == [])
        }

        @Test func `bpffs is mounted where it is not, and refused on another file system`() throws {
            try Site.with { site in
                // A mount namespace of its own, which takes the mount, the pins and so the programs with it.
                let script = """
                    while umount /sys/fs/bpf 2>/dev/null; do :; done
                    "$0" attach port-a && stat -f -c %T /sys/fs/bpf && "$0" dump --format aws --fields interface-id
                    """
                let result = try ChildProcess.outcome(
                    of: ["nsenter", "--net=\(site.hub.path)", "unshare", "-m", "sh", "-c", script, Site.binary],
                    environment: site.environment)
                #expect(result.errors == "" && result.status == 0)
                #expect(
                    result.output == "port-a: attached as port 1, from tcx, to tcx\nbpf_fs\ninterface-id\nport-a\n")
                #expect(try site.isClean())

                try site.expect(
                    Refusal(
                        "attach port-a --bpffs FOLDER/pins",
                        """
                        cannot pin under FOLDER/pins: no bpffs is mounted there; mount one (mount -t bpf bpf DIRECTORY) \
                        or use a directory below /sys/fs/bpf
                        """))
            }
        }

        @Test func `bpffs that may not be mounted is asked for`() throws {
            try Site.with { site in
                let script = """
                    while umount /sys/fs/bpf 2>/dev/null; do :; done
                    exec setpriv --bounding-set=-sys_admin --inh-caps=-sys_admin "$0" "$@"
                    """
                try site.expect(
                    Refusal(
                        "attach port-a",
                        """
                        cannot pin under BPFFS: no bpffs is mounted at /sys/fs/bpf and mounting it failed: operation not \
                        permitted; mount it as root: mount -t bpf bpf /sys/fs/bpf
                        """), behind: ["unshare", "-m", "sh", "-c", script])
            }
        }
    }
}
