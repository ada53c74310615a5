/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The page that user space writes, and the bell that programs ring for it. */
#ifndef WEIR_CONTROL_BPF_H
#define WEIR_CONTROL_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../include/weir_abi.h"

/* A variable, and so a map of one value whose address is in the program. */
volatile struct weir_control weir_control SEC(".data.weir") = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WEIR_WAKES_BYTES);
} weir_wakes SEC(".maps");

/* Tells the meter that the window fills up: once, whichever CPU is first. */
static __always_inline void wake_meter(__u32 window)
{
	__u32 told = weir_control.woken;

	if (told == window ||
	    __sync_val_compare_and_swap(&weir_control.woken, told, window) !=
		    told)
		return;
	/* Where the ring is full, an unread wake is in it. */
	bpf_ringbuf_output(&weir_wakes, &window, sizeof(window), 0);
}

#endif
