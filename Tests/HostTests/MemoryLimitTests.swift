// SPDX-License-Identifier: Apache-2.0

import Host
import Testing

@Suite struct MemoryLimitTests {
    @Test(arguments: [
        // A service of systemd.
        (
            "0::/system.slice/weir.service\n",
            "25 30 0:23 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n",
            [
                "/sys/fs/cgroup/system.slice/weir.service", "/sys/fs/cgroup/system.slice", "/sys/fs/cgroup",
            ]
        ),
        // A container with a namespace of its own, and one without.
        ("0::/\n", "25 30 0:23 / /sys/fs/cgroup ro - cgroup2 cgroup rw\n", ["/sys/fs/cgroup"]),
        (
            "0::/docker/4e/inner\n", "25 30 0:23 /docker/4e /sys/fs/cgroup ro - cgroup2 cgroup rw\n",
            ["/sys/fs/cgroup/inner", "/sys/fs/cgroup"]
        ),
        // The older version, and both at a time.
        (
            "4:memory:/a\n3:cpu,cpuacct:/b\n0::/c\n",
            """
            34 26 0:31 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu
            35 26 0:32 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory
            36 26 0:33 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
            """,
            [
                "/sys/fs/cgroup/memory/a", "/sys/fs/cgroup/memory", "/sys/fs/cgroup/unified/c",
                "/sys/fs/cgroup/unified",
            ]
        ),
        ("0::/a\n", "22 1 0:20 / /proc rw - proc proc rw\n", []),
    ])
    func `the limits of a group and of those above it are looked at`(
        groups: String, mounts: String, folders: [String]
    ) {
        #expect(MemoryLimit.folders(groups: groups, mounts: mounts).flatMap(\.above) == folders)
    }
}
