// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "weir_notify.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* Returns the length of the address, or -errno. */
static int notify_address(const char *socket_path, struct sockaddr_un *address)
{
	size_t length = strlen(socket_path);

	if (socket_path[0] != '/' && socket_path[0] != '@')
		return -EAFNOSUPPORT;
	if (length >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	memcpy(address->sun_path, socket_path, length);
	if (socket_path[0] == '@') {
		/* An abstract name has no terminator: its length is its end. */
		address->sun_path[0] = '\0';
		return offsetof(struct sockaddr_un, sun_path) + length;
	}
	return offsetof(struct sockaddr_un, sun_path) + length + 1;
}

int weir_notify(const char *socket_path, const char *message)
{
	struct sockaddr_un address;
	int length = notify_address(socket_path, &address);
	int error = 0;
	int handle;

	if (length < 0)
		return length;
	handle = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (handle < 0)
		return -errno;
	if (sendto(handle, message, strlen(message), MSG_NOSIGNAL | MSG_DONTWAIT,
		   (struct sockaddr *)&address, length) < 0)
		error = -errno;
	close(handle);
	return error;
}
