// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "weir_program.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/*
 * Runs in the memory of the parent, which waits (vfork(2)): it calls the
 * kernel and changes nothing but *error.
 */
static void become(const char *path, char *const arguments[],
		   char *const environment[], pid_t parent, int output,
		   int errors, int *error)
{
	struct sigaction action = { .sa_handler = SIG_DFL };
	sigset_t none;
	int number, null;

	for (number = 1; number < NSIG; number++)
		sigaction(number, &action, NULL);
	null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(output, STDOUT_FILENO) < 0 || dup2(errors, STDERR_FILENO) < 0 ||
	    syscall(SYS_close_range, 3, ~0U, 0) || setpgid(0, 0) ||
	    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) ||
	    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0))
		goto failed;
	/* The parent may have ended before the kernel was asked. */
	if (getppid() != parent)
		_exit(127);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	execve(path, arguments, environment);
failed:
	*error = errno;
	_exit(127);
}

int weir_spawn_program(const char *path, char *const arguments[],
		       char *const environment[], int *output, int *errors)
{
	pid_t parent = getpid(), child;
	int out[2], err[2];
	sigset_t all, before;
	/* Written by the child, in this memory. */
	volatile int error = 0;

	if (pipe2(out, O_CLOEXEC))
		return -errno;
	if (pipe2(err, O_CLOEXEC)) {
		error = errno;
		close(out[0]);
		close(out[1]);
		return -error;
	}
	/* No handler of the parent may run in the child. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	child = vfork();
	if (child == 0)
		become(path, arguments, environment, parent, out[1], err[1], (int *)&error);
	if (child < 0)
		error = errno;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	close(out[1]);
	close(err[1]);
	if (child > 0 && error)
		waitpid(child, NULL, 0);
	if (error) {
		close(out[0]);
		close(err[0]);
		return -error;
	}
	fcntl(out[0], F_SETFL, O_NONBLOCK);
	fcntl(err[0], F_SETFL, O_NONBLOCK);
	*output = out[0];
	*errors = err[0];
	return child;
}
