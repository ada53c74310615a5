// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    @Suite struct InstallTests {
        private static let tool = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(path: "../../tools/install").standardizedFileURL.path

        private func install(_ folder: String, _ arguments: String...) throws -> ChildProcess.Result {
            try ChildProcess.outcome(
                of: [Self.tool, "--prefix", "/usr"] + arguments, environment: ["DESTDIR": folder + "/root"])
        }

        private func files(_ folder: String) throws -> [String] {
            try ChildProcess.run(["find", folder + "/root", "-type", "f", "-printf", "/%P %m\n"])
                .split(separator: "\n").map(String.init).sorted()
        }

        @Test func `everything is installed below DESTDIR, a configuration stays, and the rest is removed`() throws {
            let folder = "/tmp/weir-t\(ProcessInfo.processInfo.processIdentifier)-install"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            let page = folder + "/weir.1"
            try Data(".Dd today\n".utf8).write(to: URL(filePath: page))
            let first = try install(folder, "--binary", Site.binary, "--man", page)
            #expect(first.status == 0 && first.errors == "", "\(first.errors)")
            let all = [
                "/etc/weir/weir.yaml 644", "/usr/bin/weir 755", "/usr/bin/weir-export 755",
                "/usr/bin/weir-libvirt 755", "/usr/bin/weir-mirror 755",
                "/usr/lib/systemd/system/weir.service 644",
                "/usr/share/bash-completion/completions/weir 644", "/usr/share/fish/vendor_completions.d/weir.fish 644",
                "/usr/share/man/man1/weir.1 644", "/usr/share/zsh/site-functions/_weir 644",
            ]
            #expect(try files(folder) == all)
            #expect(
                first.output
                    == """
                    /usr/bin/weir /usr/bin/weir-export /usr/bin/weir-libvirt /usr/bin/weir-mirror /usr/share/man/man1/weir.1 \
                    /usr/share/bash-completion/completions/weir \
                    /usr/share/zsh/site-functions/_weir /usr/share/fish/vendor_completions.d/weir.fish \
                    /usr/lib/systemd/system/weir.service /etc/weir/weir.yaml
                    """.split(separator: " ").map { "\(folder)/root\($0)\n" }.joined())
            // The shell itself says that the command is completed, and how.
            let completion = folder + "/root/usr/share/bash-completion/completions/weir"
            #expect(try ChildProcess.run(["bash", "-c", ". '\(completion)'; complete -p weir"]).contains(" weir\n"))
            #expect(try ChildProcess.run([folder + "/root/usr/bin/weir", "--version"]) == "0.1.0\n")

            let own = URL(filePath: folder + "/root/etc/weir/weir.yaml")
            try Data("interval: 5s\n".utf8).write(to: own)
            let second = try install(folder, "--binary", Site.binary, "--man", page)
            #expect(second.status == 0 && second.errors.hasSuffix("/etc/weir/weir.yaml is there and stays as it is\n"))
            #expect(try String(contentsOf: own, encoding: .utf8) == "interval: 5s\n")

            let removed = try install(folder, "--remove")
            #expect(removed.status == 0 && removed.output == "")
            #expect(try files(folder) == ["/etc/weir/weir.yaml 644"])
            #expect(try install(folder, "--binary").status == 2)
        }

        @Test func `the unit starts the binary of its prefix`() throws {
            let folder = "/tmp/weir-t\(ProcessInfo.processInfo.processIdentifier)-prefix"
            defer { try? FileManager.default.removeItem(atPath: folder) }
            let result = try ChildProcess.outcome(
                of: [Self.tool, "--binary", Site.binary, "--man", "/dev/null"], environment: ["DESTDIR": folder])
            #expect(result.status == 0, "\(result.errors)")
            let unit = try String(
                contentsOfFile: folder + "/usr/local/lib/systemd/system/weir.service", encoding: .utf8)
            #expect(unit.contains("\nExecStart=/usr/local/bin/weir run\n"))
        }
    }
}
