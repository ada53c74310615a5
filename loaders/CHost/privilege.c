// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "weir_privilege.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Version 3 has two words a set; pid 0 is the calling thread. */
static struct __user_cap_header_struct this_thread(void)
{
	return (struct __user_cap_header_struct){ .version = _LINUX_CAPABILITY_VERSION_3 };
}

int weir_get_capabilities(struct weir_capability_sets *sets)
{
	struct __user_cap_header_struct header = this_thread();
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, words))
		return -errno;
	sets->effective = words[0].effective | (uint64_t)words[1].effective << 32;
	sets->permitted = words[0].permitted | (uint64_t)words[1].permitted << 32;
	sets->inheritable = words[0].inheritable | (uint64_t)words[1].inheritable << 32;
	return 0;
}

int weir_set_capabilities(const struct weir_capability_sets *sets)
{
	struct __user_cap_header_struct header = this_thread();
	struct __user_cap_data_struct words[_LINUX_CAPABILITY_U32S_3] = {
		{ sets->effective, sets->permitted, sets->inheritable },
		{ sets->effective >> 32, sets->permitted >> 32, sets->inheritable >> 32 },
	};

	return syscall(SYS_capset, &header, words) ? -errno : 0;
}

int weir_close_ways_to_capabilities(uint64_t kept)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		return -errno;
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0))
		return -errno;
	/* Reading fails beyond the last one that the kernel knows. */
	for (int number = 0; number < 64; number++) {
		if (prctl(PR_CAPBSET_READ, number, 0, 0, 0) != 1 || (kept >> number & 1))
			continue;
		if (prctl(PR_CAPBSET_DROP, number, 0, 0, 0) && errno != EPERM)
			return -errno;
	}
	return 0;
}
