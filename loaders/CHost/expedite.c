// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "weir_expedite.h"

extern char **environ;

int weir_run_at_end(const char *command, int *pipe_end)
{
	char *arguments[] = { "sh", "-c", (char *)command, NULL };
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	int ends[2], result;
	pid_t child;

	if (pipe2(ends, O_CLOEXEC))
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_adddup2(&actions, ends[0], STDIN_FILENO);
	/* No signal of a terminal ends it first. */
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSID);
	result = posix_spawn(&child, "/bin/sh", &actions, &attributes,
			     arguments, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	close(ends[0]);
	if (result) {
		close(ends[1]);
		return -result;
	}
	*pipe_end = ends[1];
	return child;
}

void weir_end_child(int child)
{
	kill(child, SIGKILL);
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
}
