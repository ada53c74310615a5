/* SPDX-License-Identifier: Apache-2.0 */
/* sockaddr_un, which Swift can fill only byte by byte. */
#ifndef WEIR_NOTIFY_H
#define WEIR_NOTIFY_H

/*
 * Sends one message to the service manager (sd_notify(3)) and never waits.
 *
 * socket_path is the value of $NOTIFY_SOCKET: a path, or a name in the abstract
 * namespace behind '@'. message is lines of VARIABLE=value. Both end with NUL
 * and stay the caller's. Returns 0, or -errno: -ENAMETOOLONG for a path that
 * does not fit a sockaddr_un, -EAFNOSUPPORT for one that is neither kind,
 * -EAGAIN if the manager's queue is full.
 */
int weir_notify(const char *socket_path, const char *message);

#endif
