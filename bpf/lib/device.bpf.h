/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Whether a frame's interface is in the network namespace of the program that
 * all ports there share.
 *
 * A bpf_link stays on an interface that is moved to another namespace, whose
 * index may be another port's there. So the interface is told by the kernel's
 * structure of it, which frame_device() returns, once that is found to be in the
 * program's namespace. A filter of the clsact qdisc goes when its interface
 * moves: programs for those are compiled without WEIR_LINKS, and do not look.
 */
#ifndef WEIR_DEVICE_BPF_H
#define WEIR_DEVICE_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

#include "config.bpf.h"
#include "packet_view.bpf.h"

#ifdef WEIR_LINKS
/* Of the kernel's own, what is read here; its BTF says where that lies. */
#define KERNEL_TYPE __attribute__((preserve_access_index))

struct ns_common {
	unsigned int inum;
} KERNEL_TYPE;

struct net {
	struct ns_common ns;
} KERNEL_TYPE;

typedef struct {
	struct net *net;
} KERNEL_TYPE possible_net_t;

struct net_device {
	possible_net_t nd_net;
} KERNEL_TYPE;

/* kernel/bpf/helpers.c, since Linux 6.2 */
extern void *bpf_cast_to_kern_ctx(void *context) __ksym;

static __always_inline struct net_device *frame_device(FRAME_CONTEXT *context);

/* Apart: once for each interface. */
static __noinline int device_note(struct net_device *device, __u64 *noted)
{
	if (*noted || device->nd_net.net->ns.inum != weir_config.network_namespace)
		return 0;
	*noted = (__u64)device;
	return 1;
}

static __always_inline int is_of_namespace(FRAME_CONTEXT *context,
					   __u64 *noted)
{
	struct net_device *device = frame_device(context);

	return likely((__u64)device == *noted) || device_note(device, noted);
}
#else
static __always_inline int is_of_namespace(FRAME_CONTEXT *context,
					   __u64 *noted)
{
	(void)context;
	(void)noted;
	return 1;
}
#endif

#endif
