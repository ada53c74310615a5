/* SPDX-License-Identifier: Apache-2.0 */
/* What Swift cannot import: macros, variadic and va_list functions, _GNU_SOURCE. */
#ifndef WEIR_HOST_H
#define WEIR_HOST_H

#include <stddef.h>
#include <stdint.h>

/*
 * Enters the network namespace that fd refers to, for the calling thread only
 * (setns(2)). Returns 0, or -errno.
 */
int weir_enter_network_namespace(int fd);

/*
 * Keeps the calling thread on that CPU from now on (sched_setaffinity(2)).
 * Returns 0, or -errno: EINVAL for a CPU that is not there or not allowed.
 */
int weir_stay_on_cpu(int cpu);

/*
 * Gives the calling thread a table of descriptors of its own, a copy of the
 * process's: what it opens from now on is closed when it ends (CLONE_FILES of
 * unshare(2)). Returns 0, or -errno.
 */
int weir_own_descriptors(void);

/* Names the calling thread, by 15 bytes at most (PR_SET_NAME of prctl(2)). */
void weir_name_thread(const char *name);

/*
 * Swaps what two names lead to, each in the folder of its descriptor
 * (RENAME_EXCHANGE of renameat2(2)). Returns 0, or -errno: EINVAL where the
 * file system cannot.
 */
int weir_exchange_names(int folder, const char *name, int other_folder, const char *other_name);

/* 1 if the path lies on a mounted bpffs, 0 if not, -errno on failure. */
int weir_is_bpffs(const char *path);

/*
 * Waits until every CPU has left the RCU read-side sections it was in, and so
 * every BPF program run that had begun (membarrier(2), MEMBARRIER_CMD_GLOBAL).
 * Blocks 7-16 ms. Returns 0, or -errno: EINVAL on nohz_full kernels.
 */
int weir_membarrier_global(void);

/*
 * The kind of link layer of an interface of the calling thread's network
 * namespace: ARPHRD_* (netdevice(7), SIOCGIFHWADDR), or -errno.
 */
int weir_interface_hardware_type(const char *name);

/* 1 where such an interface is up (SIOCGIFFLAGS), 0 where it is not, or -errno. */
int weir_interface_is_up(const char *name);

/*
 * Its speed in bits a second, as its driver says it (ETHTOOL_GSET), of an
 * interface of the calling thread's network namespace; 0 where the driver does
 * not know, or -errno.
 */
int64_t weir_interface_speed(const char *name);

#define WEIR_HARDWARE_ETHERNET 1	/* ARPHRD_ETHER */
#define WEIR_HARDWARE_LOOPBACK 772	/* ARPHRD_LOOPBACK: has Ethernet headers, too */

/* How many channels a card has (ethtool(8), --show-channels): now, and at most. */
struct weir_channels {
	uint32_t receiving;
	uint32_t most_receiving;
};

/*
 * Asks an interface of the calling thread's network namespace
 * (ETHTOOL_GCHANNELS). Returns 0, or -errno: EOPNOTSUPP where the driver does
 * not say, as that of taps.
 */
int weir_interface_channels(const char *name, struct weir_channels *channels);

/*
 * A new eventfd(2), close-on-exec and non-blocking; or -errno. Writing adds to
 * its count, which reading takes: 8 bytes each.
 */
int weir_event_descriptor(void);

/*
 * Raises the process's soft limit of descriptors to the hard one, where it is
 * lower (RLIMIT_NOFILE of setrlimit(2)). Returns 0, or -errno.
 */
int weir_raise_descriptor_limit(void);

/* The soft limit: descriptors that the process may have open. */
uint64_t weir_descriptor_limit(void);

/* Stores and loads of memory that kernel programs share, never torn. */
void weir_store_release_u32(uint32_t *place, uint32_t value);
uint32_t weir_load_acquire_u32(const uint32_t *place);

/* Asks for the cache line at that place, without waiting for it. */
static inline void weir_prefetch(const void *place)
{
	__builtin_prefetch(place);
}

#endif
