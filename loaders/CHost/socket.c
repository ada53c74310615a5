// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "weir_socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* Closes it and returns why the last call on it failed. */
static int give_up(int fd)
{
	int error = -errno;

	close(fd);
	return error;
}

static int path_address(const char *path, struct sockaddr_un *address)
{
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address->sun_path))
		return -ENAMETOOLONG;
	strcpy(address->sun_path, path);
	return 0;
}

int weir_listen_on_path(const char *path, int backlog)
{
	struct sockaddr_un address;
	int error = path_address(path, &address);
	int fd;

	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* bind gives the file the socket's mode less the umask; what that takes away comes back after. */
	if (fchmod(fd, 0660) || bind(fd, (struct sockaddr *)&address, sizeof(address)) ||
	    chmod(path, 0660) || listen(fd, backlog))
		return give_up(fd);
	return fd;
}

static socklen_t internet_address(const char *text, uint16_t port, struct sockaddr_storage *storage)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)storage;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)storage;

	memset(storage, 0, sizeof(*storage));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		v4->sin_port = htons(port);
		return sizeof(*v4);
	}
	if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
		v6->sin6_family = AF_INET6;
		v6->sin6_port = htons(port);
		return sizeof(*v6);
	}
	return 0;
}

int weir_listen_on_tcp(const char *address, uint16_t port, int backlog)
{
	struct sockaddr_storage storage;
	socklen_t length = internet_address(address, port, &storage);
	int yes = 1;
	int fd;

	if (!length)
		return -EINVAL;
	fd = socket(storage.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) ||
	    bind(fd, (struct sockaddr *)&storage, length) || listen(fd, backlog))
		return give_up(fd);
	return fd;
}

int weir_listening_port(int fd)
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);

	if (getsockname(fd, (struct sockaddr *)&storage, &length))
		return -errno;
	/* The port is at the same place in both. */
	return ntohs(((struct sockaddr_in *)&storage)->sin_port);
}

int weir_accept(int fd)
{
	int connection = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	return connection < 0 ? -errno : connection;
}

static int connect_to(const struct sockaddr *address, socklen_t length, int milliseconds)
{
	struct timeval patience = { milliseconds / 1000, milliseconds % 1000 * 1000 };
	int fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) ||
	    connect(fd, address, length))
		return give_up(fd);
	return fd;
}

int weir_connect_to_path(const char *path, int milliseconds)
{
	struct sockaddr_un address;
	int error = path_address(path, &address);

	if (error)
		return error;
	return connect_to((struct sockaddr *)&address, sizeof(address), milliseconds);
}

int weir_connect_to_tcp(const char *address, uint16_t port, int milliseconds)
{
	struct sockaddr_storage storage;
	socklen_t length = internet_address(address, port, &storage);
	int yes = 1;
	int fd;

	if (!length)
		return -EINVAL;
	fd = connect_to((struct sockaddr *)&storage, length, milliseconds);
	/* What is sent is whole: waiting for more helps nothing. */
	if (fd >= 0)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	return fd;
}

int weir_addresses_of(const char *name, char *text, size_t room)
{
	struct addrinfo wanted = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM };
	struct addrinfo *found, *one;
	size_t used = 0;
	int error = getaddrinfo(name, NULL, &wanted, &found);

	if (error)
		return error;
	for (one = found; one && room - used > INET6_ADDRSTRLEN + 1; one = one->ai_next) {
		const void *bytes = one->ai_family == AF_INET ?
			(const void *)&((struct sockaddr_in *)one->ai_addr)->sin_addr :
			(const void *)&((struct sockaddr_in6 *)one->ai_addr)->sin6_addr;

		if (!inet_ntop(one->ai_family, bytes, text + used, INET6_ADDRSTRLEN))
			continue;
		used += strlen(text + used);
		text[used++] = '\n';
	}
	text[used] = 0;
	freeaddrinfo(found);
	return 0;
}

int weir_connect_udp(const char *address, uint16_t port, int milliseconds)
{
	struct timeval patience = { milliseconds / 1000, milliseconds % 1000 * 1000 };
	struct sockaddr_storage storage;
	socklen_t length = internet_address(address, port, &storage);
	int fd;

	if (!length)
		return -EINVAL;
	fd = socket(storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    connect(fd, (struct sockaddr *)&storage, length))
		return give_up(fd);
	return fd;
}

int weir_own_address(int fd, uint8_t bytes[16])
{
	struct sockaddr_storage storage;
	socklen_t length = sizeof(storage);

	if (getsockname(fd, (struct sockaddr *)&storage, &length))
		return -errno;
	switch (storage.ss_family) {
	case AF_INET:
		memcpy(bytes, &((struct sockaddr_in *)&storage)->sin_addr, 4);
		return 4;
	case AF_INET6:
		memcpy(bytes, &((struct sockaddr_in6 *)&storage)->sin6_addr, 16);
		return 16;
	default:
		return -EAFNOSUPPORT;
	}
}

static int set_tunnel(int fd, int is_ipv6, int without_checksum)
{
	int fragments = is_ipv6 ? IPV6_PMTUDISC_DONT : IP_PMTUDISC_DONT;

	if (is_ipv6)
		return setsockopt(fd, IPPROTO_IPV6, IPV6_MTU_DISCOVER, &fragments, sizeof(fragments)) ||
		       setsockopt(fd, IPPROTO_UDP, UDP_NO_CHECK6_TX, &without_checksum, sizeof(without_checksum));
	return setsockopt(fd, IPPROTO_IP, IP_MTU_DISCOVER, &fragments, sizeof(fragments)) ||
	       setsockopt(fd, SOL_SOCKET, SO_NO_CHECK, &without_checksum, sizeof(without_checksum));
}

int weir_tunnel_socket(int is_ipv6, int without_checksum, uint32_t mark, int milliseconds)
{
	struct timeval patience = { milliseconds / 1000, milliseconds % 1000 * 1000 };
	int fd = socket(is_ipv6 ? AF_INET6 : AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_MARK, &mark, sizeof(mark)) ||
	    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) ||
	    set_tunnel(fd, is_ipv6, without_checksum))
		return give_up(fd);
	return fd;
}

static struct cmsghdr *put_number(struct cmsghdr *at, int level, int type, int number)
{
	at->cmsg_level = level;
	at->cmsg_type = type;
	at->cmsg_len = CMSG_LEN(sizeof(number));
	memcpy(CMSG_DATA(at), &number, sizeof(number));
	return (struct cmsghdr *)((char *)at + CMSG_SPACE(sizeof(number)));
}

int weir_send_outer(int fd, const struct weir_outer *outer, const void *datagram, size_t length)
{
	struct sockaddr_in6 v6 = { .sin6_family = AF_INET6, .sin6_port = htons(outer->port) };
	struct sockaddr_in v4 = { .sin_family = AF_INET, .sin_port = htons(outer->port) };
	union {
		struct cmsghdr first;
		char space[2 * CMSG_SPACE(sizeof(int))];
	} control = { 0 };
	struct iovec payload = { (void *)datagram, length };
	struct msghdr message = {
		.msg_name = outer->is_ipv6 ? (void *)&v6 : (void *)&v4,
		.msg_namelen = outer->is_ipv6 ? sizeof(v6) : sizeof(v4),
		.msg_iov = &payload,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof(control),
	};
	int level = outer->is_ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
	struct cmsghdr *next = &control.first;

	memcpy(&v6.sin6_addr, &outer->address, sizeof(v6.sin6_addr));
	memcpy(&v4.sin_addr, &outer->address, sizeof(v4.sin_addr));
	next = put_number(next, level, outer->is_ipv6 ? IPV6_TCLASS : IP_TOS, outer->type_of_service);
	put_number(next, level, outer->is_ipv6 ? IPV6_HOPLIMIT : IP_TTL, outer->time_to_live);
	return sendmsg(fd, &message, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

int weir_peer_of(int fd, struct weir_peer *peer)
{
	struct ucred credentials;
	socklen_t length = sizeof(credentials);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &length))
		return -errno;
	*peer = (struct weir_peer){ credentials.pid, credentials.uid, credentials.gid };
	return 0;
}

int weir_peer_groups(int fd, uint32_t *groups, size_t room)
{
	socklen_t length = room * sizeof(*groups);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, groups, &length))
		return -errno;
	return length / sizeof(*groups);
}

int64_t weir_group_of(const char *path)
{
	struct stat status;

	return stat(path, &status) ? -errno : (int64_t)status.st_gid;
}
