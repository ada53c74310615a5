// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "weir_helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

int weir_spawn_helper(const char *path, char *const arguments[],
		      char *const environment[], int channel, int prints)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	pid_t child;
	int result;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	if (!prints)
		posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, channel, 3);
	posix_spawn_file_actions_addclosefrom_np(&actions, 4);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	/* A signal of the terminal is for the daemon, which ends the helper. */
	posix_spawnattr_setpgroup(&attributes, 0);
	posix_spawnattr_setflags(&attributes,
				 POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
	result = posix_spawn(&child, path, &actions, &attributes, arguments, environment);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return result ? -result : child;
}

int weir_reap(int child, int *status)
{
	pid_t ended;

	do {
		ended = waitpid(child, status, WNOHANG);
	} while (ended < 0 && errno == EINTR);
	return ended == child ? 1 : ended == 0 ? 0 : -1;
}

int weir_exited(int status, int *code)
{
	if (WIFEXITED(status)) {
		*code = WEXITSTATUS(status);
		return 1;
	}
	*code = WTERMSIG(status);
	return 0;
}

int weir_socket_pair(int ends[2])
{
	return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) ? -errno : 0;
}

int64_t weir_send_descriptor(int socket, const void *bytes, uint64_t count, int descriptor)
{
	struct iovec data = { .iov_base = (void *)bytes, .iov_len = count };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.bytes),
	};
	ssize_t sent;

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(&control.header), &descriptor, sizeof(int));
	do {
		sent = sendmsg(socket, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
	} while (sent < 0 && errno == EINTR);
	return sent < 0 ? -errno : sent;
}

int64_t weir_receive_descriptor(int socket, void *bytes, uint64_t room, int *descriptor)
{
	struct iovec data = { .iov_base = bytes, .iov_len = room };
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(sizeof(int))];
	} control;
	struct msghdr message = {
		.msg_iov = &data,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control.bytes),
	};
	struct cmsghdr *header;
	ssize_t got = recvmsg(socket, &message, MSG_CMSG_CLOEXEC);

	*descriptor = -1;
	if (got < 0)
		return -errno;
	header = CMSG_FIRSTHDR(&message);
	if (header && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(int)))
		memcpy(descriptor, CMSG_DATA(header), sizeof(int));
	return got;
}

int weir_die_with(int parent)
{
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0))
		return -errno;
	/* It may have ended before the kernel was asked. */
	return getppid() == parent ? 0 : -ESRCH;
}

/*
 * <linux/landlock.h> of the headers that Weir is built with may be older than
 * the kernel that it runs on.
 */
#define LANDLOCK_CREATE_RULESET 444
#define LANDLOCK_ADD_RULE 445
#define LANDLOCK_RESTRICT_SELF 446
#define LANDLOCK_VERSION 1U
#define LANDLOCK_PATH_BENEATH 1
#define LANDLOCK_NETWORK_PORT 2
#define LANDLOCK_EXECUTE (1ULL << 0)
#define LANDLOCK_READ_FILE (1ULL << 2)
#define LANDLOCK_READ_DIR (1ULL << 3)
#define LANDLOCK_IOCTL_DEVICE (1ULL << 15)
#define LANDLOCK_BIND_TCP (1ULL << 0)
#define LANDLOCK_CONNECT_TCP (1ULL << 1)

struct landlock_ruleset {
	uint64_t files;
	uint64_t network;
	uint64_t scoped;
};

struct landlock_path_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

struct landlock_network_port {
	uint64_t allowed;
	uint64_t port;
};

static int landlock_version(void)
{
	long version = syscall(LANDLOCK_CREATE_RULESET, NULL, 0, LANDLOCK_VERSION);

	return version < 0 ? -errno : (int)version;
}

/* All rights on files that a version of Landlock knows. */
static uint64_t file_rights(int version)
{
	if (version >= 5)
		return (1ULL << 16) - 1; /* with ioctls of devices */
	if (version >= 3)
		return (1ULL << 15) - 1; /* with truncation */
	if (version >= 2)
		return (1ULL << 14) - 1; /* with renames between directories */
	return (1ULL << 13) - 1;
}

int weir_landlock_begin(void)
{
	int version = landlock_version();
	struct landlock_ruleset ruleset = { 0 };
	size_t size = sizeof(ruleset.files);
	long descriptor;

	if (version < 0)
		return version;
	ruleset.files = file_rights(version);
	if (version >= 4) {
		ruleset.network = LANDLOCK_BIND_TCP | LANDLOCK_CONNECT_TCP;
		size = 2 * sizeof(uint64_t);
	}
	if (version >= 6) {
		ruleset.scoped = 3; /* abstract sockets, signals */
		size = sizeof(ruleset);
	}
	descriptor = syscall(LANDLOCK_CREATE_RULESET, &ruleset, size, 0);
	return descriptor < 0 ? -errno : (int)descriptor;
}

int weir_landlock_allow(int ruleset, const char *directory, int writes)
{
	struct landlock_path_beneath rule = { .allowed = LANDLOCK_READ_FILE | LANDLOCK_READ_DIR };
	int result = 0;

	/* What stands in the way is renamed, whatever it is: that is making it, too. */
	if (writes)
		rule.allowed = file_rights(landlock_version()) &
			       ~(LANDLOCK_EXECUTE | LANDLOCK_IOCTL_DEVICE);
	rule.parent = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (rule.parent < 0)
		return -errno;
	if (syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_PATH_BENEATH, &rule, 0))
		result = -errno;
	close(rule.parent);
	return result;
}

int weir_landlock_allow_file(int ruleset, const char *path)
{
	struct landlock_path_beneath rule = { .allowed = LANDLOCK_READ_FILE };
	int result = 0;

	rule.parent = open(path, O_PATH | O_CLOEXEC);
	if (rule.parent < 0)
		return errno == ENOENT || errno == ENOTDIR || errno == EACCES ? 0 : -errno;
	if (syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_PATH_BENEATH, &rule, 0))
		result = -errno;
	close(rule.parent);
	return result;
}

int weir_landlock_allow_port(int ruleset, uint16_t port)
{
	struct landlock_network_port rule = { LANDLOCK_CONNECT_TCP, port };

	/* An older kernel restricts no ports. */
	if (landlock_version() < 4)
		return 0;
	return syscall(LANDLOCK_ADD_RULE, ruleset, LANDLOCK_NETWORK_PORT, &rule, 0) ? -errno : 0;
}

int weir_landlock_enforce(int ruleset)
{
	int result = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || syscall(LANDLOCK_RESTRICT_SELF, ruleset, 0))
		result = -errno;
	close(ruleset);
	return result;
}
