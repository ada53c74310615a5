/* SPDX-License-Identifier: Apache-2.0 */
/* capget, capset and prctl: system calls that Swift cannot make. */
#ifndef WEIR_PRIVILEGE_H
#define WEIR_PRIVILEGE_H

#include <stdint.h>

/* Sets of capabilities of one thread (capabilities(7)): bit n is capability n. */
struct weir_capability_sets {
	uint64_t effective;
	uint64_t permitted;
	uint64_t inheritable;
};

/*
 * The calling thread's sets (capget(2), capset(2)); threads that it makes
 * begin with a copy of them. Returns 0, or -errno: EPERM for what is not
 * permitted already.
 */
int weir_get_capabilities(struct weir_capability_sets *sets);
int weir_set_capabilities(const struct weir_capability_sets *sets);

/*
 * Closes every way by which the calling thread, and those that it makes, could
 * come by a capability again: no_new_privs, an empty ambient set, and no more
 * than `kept` in the bounding set. That last takes CAP_SETPCAP; without it the
 * bounding set stays, and no_new_privs alone guards what is executed. Returns
 * 0, or -errno.
 */
int weir_close_ways_to_capabilities(uint64_t kept);

#endif
