/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Frames that are handed to a port past its qdisc, by __dev_direct_xmit(): those
 * of AF_XDP sockets in copy mode, and of packet sockets with
 * PACKET_QDISC_BYPASS. TC sees none of them.
 */
#ifndef WEIR_SENT_BPF_H
#define WEIR_SENT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../include/weir_abi.h"

/* The one that a task is handing over, which it may do on two CPUs. */
struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct weir_sent_frame);
} weir_sending SEC(".maps");

struct task_struct;

static __always_inline struct weir_sent_frame *sent_frame(__u64 flags)
{
	struct task_struct *task = (void *)bpf_get_current_task_btf();

	return bpf_task_storage_get(&weir_sending, task, NULL, flags);
}

#endif
