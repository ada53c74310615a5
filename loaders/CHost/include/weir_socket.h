/* SPDX-License-Identifier: Apache-2.0 */
/* Sockets: their addresses are unions that Swift can fill only byte by byte. */
#ifndef WEIR_SOCKET_H
#define WEIR_SOCKET_H

#include <stddef.h>
#include <stdint.h>

/*
 * A socket that listens on a path (unix(7)), mode 0660 from its first moment
 * whatever the umask; nothing may be there. Non-blocking, close-on-exec.
 * Returns it, or -errno.
 */
int weir_listen_on_path(const char *path, int backlog);

/*
 * A socket that listens on a TCP port of an address: IPv4 as `127.0.0.1`, IPv6
 * as `::1`; port 0 is any free one. Otherwise the same. Returns it, or -errno:
 * EINVAL for an address that is neither.
 */
int weir_listen_on_tcp(const char *address, uint16_t port, int backlog);

/* The TCP port that a socket listens on, or -errno. */
int weir_listening_port(int fd);

/*
 * A connection that waits at a listening socket, non-blocking, close-on-exec;
 * or -errno: EAGAIN where none does.
 */
int weir_accept(int fd);

/*
 * A connection to the socket at that path, or -errno. It blocks, but no single
 * call on it, nor this one, for longer than that: EAGAIN then.
 */
int weir_connect_to_path(const char *path, int milliseconds);

/*
 * The same with a TCP port of an address, as `weir_listen_on_tcp` takes it;
 * -EINPROGRESS where the connection is not made in time.
 */
int weir_connect_to_tcp(const char *address, uint16_t port, int milliseconds);

/*
 * The addresses of a host's name (getaddrinfo(3)), as many as there is room
 * for, each with a line feed after it. It can block for as long as the name
 * servers let it. Returns 0, or the error that gai_strerror(3) knows.
 */
int weir_addresses_of(const char *name, char *text, size_t room);

/*
 * A socket whose datagrams go to a UDP port of that address, written as for
 * weir_listen_on_tcp(), or -errno. No call on it blocks for longer than that.
 */
int weir_connect_udp(const char *address, uint16_t port, int milliseconds);

/*
 * Puts the address that a socket sends from into bytes, first byte on the wire
 * first. Returns its length, 4 or 16, or -errno.
 */
int weir_own_address(int fd, uint8_t bytes[16]);

/*
 * A UDP socket for packets of a tunnel, or -errno. Its packets have the mark,
 * which takes CAP_NET_ADMIN. What does not fit the path is sent in fragments. No
 * call on it blocks for longer than that.
 */
int weir_tunnel_socket(int is_ipv6, int without_checksum, uint32_t mark, int milliseconds);

/* Sixteen bytes of an address, first on the wire first; of IPv4 the first four. */
struct weir_address {
	uint64_t first;
	uint64_t second;
};

/* What the outer headers of a packet have. */
struct weir_outer {
	struct weir_address address;	/* where it goes */
	uint16_t port;
	uint8_t is_ipv6;
	uint8_t type_of_service;	/* traffic class, of IPv6 */
	uint8_t time_to_live;	/* hop limit; not 0 */
};

/* Sends a datagram by such a socket. Returns 0, or -errno. */
int weir_send_outer(int fd, const struct weir_outer *outer, const void *datagram, size_t length);

/* The process that made the connection, as it was then (SO_PEERCRED). Returns 0, or -errno. */
struct weir_peer {
	int32_t pid;
	uint32_t uid;
	uint32_t gid;
};
int weir_peer_of(int fd, struct weir_peer *peer);

/*
 * The supplementary groups of whom (SO_PEERGROUPS), at most `room` of them.
 * Returns how many there are, or -errno: ERANGE where there are more.
 */
int weir_peer_groups(int fd, uint32_t *groups, size_t room);

/* The group that a path belongs to, or -errno. */
int64_t weir_group_of(const char *path);

#endif
