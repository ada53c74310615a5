/* SPDX-License-Identifier: Apache-2.0 */
/* Programs of the operator's that the daemon starts and listens to. */
#ifndef WEIR_PROGRAM_H
#define WEIR_PROGRAM_H

/*
 * Starts the program at `path` without a way to privileges, in a process group
 * of its own, with no signal blocked or ignored. The kernel kills it when the
 * calling thread ends. Standard input is /dev/null; standard output and
 * standard error are pipes, whose other ends are *output and *errors,
 * close-on-exec and non-blocking. Blocks until the program is loaded. Returns
 * the process id, or -errno.
 */
int weir_spawn_program(const char *path, char *const arguments[],
		       char *const environment[], int *output, int *errors);

#endif
