// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "weir_host.h"

#include <errno.h>
#include <sched.h>

int weir_enter_network_namespace(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}
