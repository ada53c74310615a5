/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Samples of packets, and of those that the policy drops: the beginning of a
 * frame is put into a ring.
 *
 * Each direction, CPU and generation of a port draws for itself: when so many
 * packets were seen there as weir_totals.sample_at says, the packet is sampled,
 * and the next number is drawn. Most packets meet one comparison. Packets that
 * could have been sampled are those that were seen: their number is exact.
 *
 * Programs for ports that are not sampled are compiled without WEIR_SAMPLES,
 * and have not an instruction of this. Included by account.bpf.h only.
 */
#ifndef WEIR_SAMPLING_BPF_H
#define WEIR_SAMPLING_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "../include/weir_copies.h"
#include "clock.bpf.h"

/*
 * What is said of a frame, beside its ruling: that a packet of it is due to be
 * sampled; and where that matters, how many packets it is.
 */
#define SAID_SAMPLED 16
#define SAID_PACKETS_SHIFT 8
#define SAID_PACKETS_MOST ((1U << (31 - SAID_PACKETS_SHIFT)) - 1)

#ifdef WEIR_SAMPLES
/*
 * What the long way finds of a frame. Each program's own: the stack has no room for
 * it beside what samples or copies.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct packet_view);
} weir_copied SEC(".maps");

static __always_inline struct packet_view *packet_copied(void)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(&weir_copied, &index);
}

#define SAMPLED_BYTES 128

/* Of a frame that cannot have a tag beside it, or be several packets. */
#ifndef FRAME_TAG
#define FRAME_TAG(context) ((void)(context), 0)
#define FRAME_HAS_TAG(context) ((void)(context), 0)
#endif
#ifndef FRAME_GSO_SIZE
#define FRAME_GSO_SIZE(context) ((void)(context), 0)
#endif

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, WEIR_SAMPLES_BYTES);
} weir_samples SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct weir_sampling);
} weir_sampling SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_MAX_PORTS);
	__type(key, __u32);
	__type(value, struct weir_sampled);
} weir_sampled SEC(".maps");

struct sampled_copy {
	struct weir_copy head;
	__u8 bytes[SAMPLED_BYTES];
};

/* Puts that many bytes of the frame there. */
static __always_inline int frame_read(FRAME_CONTEXT *context, __u8 *bytes,
				      __u32 length);

/* A sample that is about to be copied. */
struct sampled {
	__u32 port;
	__u32 direction;
	__u32 packets;
	__u32 samples;
	__u64 pool;
	__u8 cause;
	__u8 ruling;
};

/* 0 where the ring had no room. */
static __always_inline int sample_copy(FRAME_CONTEXT *context,
				       const struct sampled *sampled)
{
	__u32 length = frame_length(context);
	__u64 kept = length;
	int unread = -1;
	struct sampled_copy *copy;

	copy = bpf_ringbuf_reserve(&weir_samples, sizeof(*copy), 0);
	if (!copy)
		return 0;
	copy->head.time_ns = FRAME_CLOCK();
	copy->head.length = length;
	copy->head.port = sampled->port;
	copy->head.direction = sampled->direction;
	copy->head.ruling = sampled->ruling;
	copy->head.rule = 0;
	copy->head.cause = sampled->cause;
	copy->head.has_vlan = FRAME_HAS_TAG(context);
	copy->head.vlan_tci = FRAME_TAG(context);
	copy->head.gso_size = FRAME_GSO_SIZE(context);
	copy->head.session = 0;
	copy->head.packets = sampled->packets;
	copy->head.samples = sampled->samples;
	copy->head.pool = sampled->pool;
	/* Bound by bound, or the verifier of Linux 6.1 does not know the lower. */
	if (kept > SAMPLED_BYTES)
		kept = SAMPLED_BYTES;
	barrier_var(kept);
	if (kept >= ETH_HLEN) {
		barrier_var(kept);
		if (kept <= SAMPLED_BYTES)
			unread = frame_read(context, copy->bytes, kept);
	}
	copy->head.kept = unread ? 0 : kept;
	bpf_ringbuf_submit(copy, 0);
	return 1;
}

/* How many packets further the next sample is: any from 1 to 2 * rate - 1. */
static __always_inline __u64 sample_skip(__u32 rate)
{
	__u64 range = 2ULL * rate - 1;

	return 1 + (bpf_get_prandom_u32() * range >> 32);
}

/* Drawn one by one for so many packets of a frame; behind them one in rate. */
#define SAMPLES_DRAWN 48

/* How many of the frame's packets are sampled. */
static __always_inline __u32 sample_draw(struct weir_totals *totals,
					 __u32 rate, __u32 packets)
{
	__u64 seen = totals->seen.packets;
	__u64 at = totals->sample_at;
	__u32 samples = 0;

	if (at <= WEIR_SAMPLE_ANEW) {
		if (at == WEIR_SAMPLE_BEGIN)
			totals->sampled_from = seen - packets;
		at = seen - packets + (rate ? sample_skip(rate) : 0);
	}
	if (!rate) {
		totals->sample_at = WEIR_SAMPLE_NEVER;
		return 0;
	}
	for (int i = 0; i < SAMPLES_DRAWN; i++) {
		if (at > seen)
			break;
		samples++;
		at += sample_skip(rate);
	}
	if (at <= seen) {
		__u64 more = (seen - at) / rate + 1;

		samples += more;
		at += more * rate;
	}
	totals->sample_at = at;
	return samples;
}

/*
 * At the port's totals there. A global function: off the way of packets that
 * are not sampled.
 */
__noinline int sample_take(FRAME_CONTEXT *context, __u32 port, __u32 index,
			   __u32 said)
{
	struct sampled sampled = { .port = port };
	struct weir_sampling *sampling;
	struct weir_totals *totals;
	struct weir_sampled *counts;
	void *all;

	all = bpf_map_lookup_elem(&weir_totals_of, &port);
	sampling = bpf_map_lookup_elem(&weir_sampling, &port);
	counts = bpf_map_lookup_elem(&weir_sampled, &port);
	if (!context || !all || !sampling || !counts)
		return 0;
	totals = bpf_map_lookup_elem(all, &index);
	if (!totals)
		return 0;
	sampled.packets = said >> SAID_PACKETS_SHIFT;
	sampled.samples = sample_draw(totals, sampling->rate, sampled.packets);
	if (!sampled.samples)
		return 0;
	sampled.cause = WEIR_COPY_SAMPLE;
	sampled.ruling = said & WEIR_LINE_RULING;
	sampled.direction = index % WEIR_DIRECTIONS;
	sampled.pool = totals->seen.packets - totals->sampled_from;
	/* What is sent past qdiscs is interrupted by what is received. */
	__sync_fetch_and_add(&counts->samples, sampled.samples);
	if (!sample_copy(context, &sampled))
		__sync_fetch_and_add(&counts->lost, sampled.samples);
	return 0;
}

/* Of a frame that the policy drops: as many a second as the port's sinks want. */
__noinline int sample_discarded(FRAME_CONTEXT *context, __u32 port,
				__u32 direction, __u32 packets)
{
	struct sampled sampled = {
		.port = port,
		.direction = direction,
		.packets = packets,
		.cause = WEIR_COPY_DISCARDED,
		.ruling = WEIR_RULING_DROP,
	};
	__u64 second = FRAME_CLOCK() >> WEIR_SAMPLED_SECOND_SHIFT;
	struct weir_sampling *sampling;
	struct weir_sampled *counts;

	sampling = bpf_map_lookup_elem(&weir_sampling, &port);
	counts = bpf_map_lookup_elem(&weir_sampled, &port);
	if (!context || !sampling || !counts || !sampling->discards)
		return 0;
	if (counts->second != second) {
		counts->second = second;
		counts->spent = 0;
	}
	if (counts->spent >= sampling->discards ||
	    !sample_copy(context, &sampled)) {
		counts->withheld += packets;
		return 0;
	}
	counts->spent++;
	counts->discards += packets;
	return 0;
}
#endif

#endif
