/* SPDX-License-Identifier: Apache-2.0 */
/* What Swift cannot import of libc and the kernel's interfaces. */
#ifndef WEIR_HOST_H
#define WEIR_HOST_H

#include <stdint.h>

/* Enters the network namespace that fd refers to, for the calling thread only (setns(2)). 0, or -errno. */
int weir_enter_network_namespace(int fd);

#endif
