/* SPDX-License-Identifier: Apache-2.0 */
/* Helper processes, and what they may do: posix_spawn(3), Landlock. */
#ifndef WEIR_HELPER_H
#define WEIR_HELPER_H

#include <stdint.h>

/*
 * Starts the program at `path`, in a process group of its own, with no signal
 * blocked or ignored. Its standard input is /dev/null, its descriptor 3 is
 * `channel`, standard output and error are those of this process; standard
 * output is /dev/null if `prints` is 0. It has no other descriptor. Returns
 * the process id, or -errno.
 */
int weir_spawn_helper(const char *path, char *const arguments[],
		      char *const environment[], int channel, int prints);

/*
 * Waits for that child to end, without blocking. Returns 0 while it runs, -1
 * if it is not a child, else 1, with its wait status (wait(2)) in *status.
 */
int weir_reap(int child, int *status);

/* 1 and the exit status in *code, or 0 and the signal in *code. */
int weir_exited(int status, int *code);

/*
 * A pair of connected stream sockets, close-on-exec, in ends[0] and ends[1].
 * Returns 0, or -errno.
 */
int weir_socket_pair(int ends[2]);

/*
 * send(2) with a descriptor that the reader of the first byte gets a duplicate
 * of. Returns the number of bytes sent, or -errno.
 */
int64_t weir_send_descriptor(int socket, const void *bytes, uint64_t count, int descriptor);

/*
 * recv(2); puts a descriptor that came with the bytes, close-on-exec, into
 * *descriptor, else -1. Returns the number of bytes received, or -errno.
 */
int64_t weir_receive_descriptor(int socket, void *bytes, uint64_t room, int *descriptor);

/*
 * Asks the kernel to kill this process when the thread that started it ends
 * (PR_SET_PDEATHSIG of prctl(2)). Returns 0, or -errno: -ESRCH if the parent
 * is not `parent` any more.
 */
int weir_die_with(int parent);

/*
 * A Landlock ruleset that allows nothing of what this kernel can restrict:
 * files, TCP, signals and abstract sockets of other processes (landlock(7)).
 * Returns its descriptor, or -errno: -ENOSYS or -EOPNOTSUPP where the kernel
 * has no Landlock.
 */
int weir_landlock_begin(void);

/*
 * Allows everything below a directory but running programs and device files:
 * only reading if `writes` is 0. Returns 0, or -errno.
 */
int weir_landlock_allow(int ruleset, const char *directory, int writes);

/*
 * Allows reading one file, if it is there. Another file that takes its place
 * cannot be read. Returns 0, or -errno.
 */
int weir_landlock_allow_file(int ruleset, const char *path);

/* Allows connecting to a TCP port of any host. Returns 0, or -errno. */
int weir_landlock_allow_port(int ruleset, uint16_t port);

/*
 * Restricts the calling thread, and the threads that it starts, to what the
 * ruleset allows, for ever; closes the ruleset. Needs no_new_privs, which it
 * sets. Returns 0, or -errno.
 */
int weir_landlock_enforce(int ruleset);

#endif
