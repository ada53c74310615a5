/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WEIR_EXPEDITE_H
#define WEIR_EXPEDITE_H

/*
 * Starts a shell, in a session of its own, that runs the command; its standard
 * input ends when this process does, however it ends, or closes *pipe_end.
 * Returns its process id, or a negative errno.
 */
int weir_run_at_end(const char *command, int *pipe_end);

/* Ends that process and waits for its end. */
void weir_end_child(int child);

#endif
