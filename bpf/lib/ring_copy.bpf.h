/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Copies of frames in rings, for user space to read: of captures, and of sessions
 * whose ports have programs that cannot send. Included by frame_copy.bpf.h only.
 */
#ifndef WEIR_RING_COPY_BPF_H
#define WEIR_RING_COPY_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../include/weir_copies.h"
#include "tap_account.bpf.h"

struct copy_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WEIR_RING_BYTES);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, WEIR_RINGS);
	__type(key, __u32);
	__array(values, struct copy_ring);
} weir_rings SEC(".maps");

/* What a record says beside what the frame's own program knows. */
struct ring_copy {
	__u32 place;		/* of the ring */
	__u32 keep;		/* bytes of the frame; 0: all */
	__u32 packets;
	__u16 label;
	__u16 port;
	__u16 rule;
	__u8 direction;
	__u8 ruling;
};

/*
 * Negative where the ring has no room, else how many bytes of the frame are there.
 * room: a constant, as the verifier wants it.
 */
static __always_inline int ring_put(FRAME_CONTEXT *context, void *ring,
				    const struct ring_copy *what, __u32 length,
				    __u64 kept, const __u32 room)
{
	struct weir_copy *copy;
	int unread = -1;

	copy = bpf_ringbuf_reserve(ring, sizeof(*copy) + room, 0);
	if (!copy)
		return -1;
	copy->time_ns = FRAME_CLOCK();
	copy->length = length;
	copy->port = what->port;
	copy->direction = what->direction;
	copy->ruling = what->ruling;
	copy->rule = what->rule;
	copy->cause = WEIR_COPY_SESSION;
	copy->has_vlan = FRAME_HAS_TAG(context);
	copy->vlan_tci = FRAME_TAG(context);
	copy->gso_size = FRAME_GSO_SIZE(context);
	copy->session = what->label;
	copy->packets = what->packets;
	copy->samples = 0;
	copy->pool = 0;
	/* Bound by bound, as sample_copy() has it; no frame is that short. */
	if (kept > room)
		kept = room;
	barrier_var(kept);
	if (kept > 1) {
		barrier_var(kept);
		if (kept <= room)
			unread = frame_read(context, (__u8 *)(copy + 1), kept);
	}
	if (unread)
		kept = 0;
	copy->kept = kept;
	bpf_ringbuf_submit(copy, 0);
	return kept;
}

/*
 * Puts the frame into a ring. Why it could not, an enum weir_tap_loss; or TAP_SENT,
 * or TAP_CUT. A global function: the sizes of records are looked at once.
 */
__noinline int ring_copy(FRAME_CONTEXT *context, const struct ring_copy *what)
{
	__u32 length, kept, place;
	void *ring;
	int put;

	if (!context || !what)
		return WEIR_TAP_LOSS_RING;
	place = what->place;
	ring = bpf_map_lookup_elem(&weir_rings, &place);
	if (!ring)
		return WEIR_TAP_LOSS_RING;
	length = frame_length(context);
	kept = frame_copied(context);
	if (what->keep && kept > what->keep)
		kept = what->keep;
	if (kept <= 128)
		put = ring_put(context, ring, what, length, kept, 128);
	else if (kept <= 512)
		put = ring_put(context, ring, what, length, kept, 512);
	else if (kept <= 2048)
		put = ring_put(context, ring, what, length, kept, 2048);
	else if (kept <= 9216)
		put = ring_put(context, ring, what, length, kept, 9216);
	else
		put = ring_put(context, ring, what, length, kept,
			       WEIR_RING_MOST);
	if (put < 0)
		return WEIR_TAP_LOSS_RING;
	return (__u32)put < length ? TAP_CUT : TAP_SENT;
}

#endif
