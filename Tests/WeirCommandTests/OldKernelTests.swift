// SPDX-License-Identifier: Apache-2.0

import FlowTestKit
import Foundation
import Testing

extension WeirCommandSuite {
    /// A process to which uname(2) says 2.6 (personality(2), UNAME26).
    @Suite struct OldKernelTests {
        private static let old = ["setarch", "--uname-2.6"]

        @Test(arguments: [
            "attach port-a", "detach port-a", "detach --all", "status", "status --json", "dump",
            "run --port port-a --log-dir FOLDER/logs", "policy load FOLDER/policy.yaml", "policy show", "policy unload",
        ])
        func `every command that needs the kernel says which one it needs`(command: String) throws {
            try Site.with { site in
                try site.write("groups: []\nports: []\n", to: "policy.yaml")
                try site.expect(
                    Refusal(
                        command, "Weir does not work on this kernel: it is 2.6, and Weir needs 5.13; use a newer kernel"
                    ),
                    behind: Self.old)
            }
        }

        @Test func `the doctor says it among the rest, and what needs no kernel works`() throws {
            try Site.with { site in
                let doctor = try site.outcome(["doctor"], behind: Self.old)
                #expect(doctor.status == 1 && doctor.errors == "")
                #expect(
                    doctor.output.hasPrefix(
                        "BAD  kernel: 2.6\n     no port can be measured: Weir needs 5.13\nok   capabilities: "))
                try site.write("groups: []\nports: []\n", to: "policy.yaml")
                let check = try site.outcome(["policy", "check", site.path("policy.yaml")], behind: Self.old)
                #expect(check.status == 0 && check.errors == "")
            }
        }
    }
}
