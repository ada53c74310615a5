// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    /// Whom the control socket is for.
    @Suite struct ControlSocketTests {
        /// Asks as a program that is not Weir would, and prints how it went, with line feeds alone.
        private static let caller = """
            import socket, sys
            s = socket.socket(socket.AF_UNIX)
            try:
                s.connect(sys.argv[1])
                s.sendall(b"GET %s HTTP/1.1\\r\\n\\r\\n" % sys.argv[2].encode())
                print(s.makefile().read(), end="")
            except OSError as error: print(error.strerror)
            """

        private func ask(_ site: Site, _ path: String = "/status", as user: [String] = []) throws -> String {
            let setpriv = user.isEmpty ? [] : ["setpriv"] + user
            return try ChildProcess.run(setpriv + ["/usr/bin/python3", "-c", Self.caller, site.socket, path])
        }

        @Test func `root and the members of the socket's group are answered, others are not let in`() throws {
            try Site.with { site in
                try ChildProcess.run(["chmod", "755", site.folder])
                _ = try site.daemon("--port", "port-a")
                try ChildProcess.run(["chgrp", "4711", site.socket])
                #expect(try ask(site).hasPrefix("HTTP/1.1 200 OK\n"))
                for groups in [["--regid=4711", "--clear-groups"], ["--regid=65534", "--groups=65534,4711"]] {
                    #expect(try ask(site, as: ["--reuid=65534"] + groups).hasPrefix("HTTP/1.1 200 OK\n"))
                }
                #expect(
                    try ask(site, as: ["--reuid=65534", "--regid=65534", "--clear-groups"]) == "Permission denied\n")
            }
        }

        @Test func `who gets in past the file's mode is refused by name, and weir says for whom the socket is`() throws
        {
            try Site.with { site in
                try site.copyBinaryForEverybody()
                _ = try site.daemon("--port", "port-a")
                let nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
                let sentence = """
                    cannot ask the daemon on FOLDER/weir.sock: it answers only root, its own user and members of the group \
                    root; run as one
                    """
                try site.expect(Refusal("status", sentence), behind: nobody)
                try ChildProcess.run(["chmod", "666", site.socket])
                try site.expect(Refusal("status", sentence), behind: nobody)
                let answer = try ask(site, as: Array(nobody.dropFirst()))
                #expect(answer.hasPrefix("HTTP/1.1 403 Forbidden\n"))
                #expect(answer.hasSuffix("\n\n\(sentence.replacing("FOLDER", with: site.folder))\n"))
            }
        }

        @Test func `what is not understood is answered with a word on it`() throws {
            try Site.with { site in
                _ = try site.daemon("--port", "port-a")
                #expect(try ask(site, "/nothing").hasPrefix("HTTP/1.1 404 Not Found\n"))
                #expect(try ask(site, "nothing").hasPrefix("HTTP/1.1 400 Bad Request\n"))
                #expect(try ask(site, "/" + String(repeating: "x", count: 9000)).hasPrefix("HTTP/1.1 431 "))
                #expect(try ask(site, "/metrics").contains("\nweir_conservation_violations_total 0\n"))
            }
        }
    }
}
