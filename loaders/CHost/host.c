// SPDX-License-Identifier: Apache-2.0
#define _GNU_SOURCE
#include "weir_host.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <linux/ethtool.h>
#include <linux/magic.h>
#include <linux/membarrier.h>
#include <linux/sockios.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

int weir_enter_network_namespace(int fd)
{
	return setns(fd, CLONE_NEWNET) ? -errno : 0;
}

int weir_own_descriptors(void)
{
	return unshare(CLONE_FILES) ? -errno : 0;
}

void weir_name_thread(const char *name)
{
	prctl(PR_SET_NAME, name, 0, 0, 0);
}

int weir_stay_on_cpu(int cpu)
{
	cpu_set_t cpus;

	if (cpu < 0 || cpu >= CPU_SETSIZE)
		return -EINVAL;
	CPU_ZERO(&cpus);
	CPU_SET(cpu, &cpus);
	return sched_setaffinity(0, sizeof(cpus), &cpus) ? -errno : 0;
}

int weir_exchange_names(int folder, const char *name, int other_folder, const char *other_name)
{
	return renameat2(folder, name, other_folder, other_name, RENAME_EXCHANGE) ? -errno : 0;
}

int weir_is_bpffs(const char *path)
{
	struct statfs file_system;

	if (statfs(path, &file_system))
		return -errno;
	return (unsigned long)file_system.f_type == BPF_FS_MAGIC;
}

int weir_event_descriptor(void)
{
	int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);

	return fd < 0 ? -errno : fd;
}

int weir_membarrier_global(void)
{
	return syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) ? -errno : 0;
}

/* An ioctl of netdevice(7) on the interface of that name; 0 or -errno. */
static int ask_interface(const char *name, unsigned long what,
			 struct ifreq *request)
{
	int error = 0;
	int handle;

	handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (handle < 0)
		return -errno;
	strncpy(request->ifr_name, name, sizeof(request->ifr_name) - 1);
	if (ioctl(handle, what, request))
		error = -errno;
	close(handle);
	return error;
}

int weir_interface_hardware_type(const char *name)
{
	struct ifreq request = {};
	int error = ask_interface(name, SIOCGIFHWADDR, &request);

	return error ? error : request.ifr_hwaddr.sa_family;
}

int weir_interface_is_up(const char *name)
{
	struct ifreq request = {};
	int error = ask_interface(name, SIOCGIFFLAGS, &request);

	return error ? error : (request.ifr_flags & IFF_UP) != 0;
}

int64_t weir_interface_speed(const char *name)
{
	struct ethtool_cmd asked = { .cmd = ETHTOOL_GSET };
	struct ifreq request = { .ifr_data = (void *)&asked };
	int error = ask_interface(name, SIOCETHTOOL, &request);
	uint32_t speed = ethtool_cmd_speed(&asked);

	if (error)
		return error;
	return speed == (uint32_t)SPEED_UNKNOWN ? 0 : (int64_t)speed * 1000000;
}

static uint32_t most(uint32_t one, uint32_t other)
{
	return one > other ? one : other;
}

int weir_interface_channels(const char *name, struct weir_channels *channels)
{
	struct ethtool_channels asked = { .cmd = ETHTOOL_GCHANNELS };
	struct ifreq request = {};
	int error = 0;
	int handle;

	handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (handle < 0)
		return -errno;
	strncpy(request.ifr_name, name, sizeof(request.ifr_name) - 1);
	request.ifr_data = (void *)&asked;
	if (ioctl(handle, SIOCETHTOOL, &request))
		error = -errno;
	close(handle);
	if (error)
		return error;
	/* Drivers report pairs of queues as combined, or both sides apart. */
	channels->receiving = asked.rx_count + asked.combined_count;
	channels->most_receiving = most(channels->receiving,
					most(asked.max_combined,
					     most(asked.max_rx, asked.max_tx)));
	return 0;
}

void weir_store_release_u32(uint32_t *place, uint32_t value)
{
	__atomic_store_n(place, value, __ATOMIC_RELEASE);
}

uint32_t weir_load_acquire_u32(const uint32_t *place)
{
	return __atomic_load_n(place, __ATOMIC_ACQUIRE);
}

int weir_raise_descriptor_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return -errno;
	if (limit.rlim_cur == limit.rlim_max)
		return 0;
	limit.rlim_cur = limit.rlim_max;
	return setrlimit(RLIMIT_NOFILE, &limit) ? -errno : 0;
}

uint64_t weir_descriptor_limit(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) ? 0 : limit.rlim_cur;
}
