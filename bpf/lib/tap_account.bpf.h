/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * What a session that has taken a frame withholds of it, and its account.
 * Included by what copies only.
 */
#ifndef WEIR_TAP_ACCOUNT_BPF_H
#define WEIR_TAP_ACCOUNT_BPF_H

#include "line_hash.bpf.h"
#include "tap.bpf.h"

/* A session that has taken a frame. */
struct tapped {
	struct weir_tap_session *session;
	struct weir_tap_account *account;
	__u32 index;		/* of the session, in its generation */
	__u32 place;
	__u32 number;		/* of the account */
};

#define TAP_SENT (-1)		/* in place of enum weir_tap_loss */
#define TAP_CUT (-2)		/* the beginning of it is sent */

static __always_inline void tap_count(struct weir_tap_count *count,
				      __u64 packets, __u64 octets)
{
	count->packets += packets;
	count->octets += octets;
}

/* taken: as tap_take() has it. Negative where no session takes the frame. */
static __always_inline int tap_find(struct tapped *tapped,
				    struct tap_frame *frame, int taken)
{
	__u32 index;

	if (taken < 0)
		return -1;
	tapped->place = taken & 0xffff;
	tapped->number = (__u32)taken >> 16;
	tapped->index = frame->generation * WEIR_TAP_SESSIONS + tapped->place;
	tapped->session = bpf_map_lookup_elem(&weir_tap_sess, &tapped->index);
	index = tapped->number * WEIR_DIRECTIONS + (frame->direction & 1);
	tapped->account = bpf_map_lookup_elem(&weir_tap_counts, &index);
	return tapped->session && tapped->account ? 0 : -1;
}

/* Whether the flow has had its first packets; what it has is counted. */
static __noinline int tap_is_beyond(const struct weir_tap_session *session,
				    const struct tap_frame *frame,
				    __u32 account,
				    const struct packet_view *packet)
{
	struct weir_tap_flow flow = {
		.words = { frame->key.words[0], frame->key.words[1],
			   frame->key.words[2], frame->key.words[3],
			   frame->key.words[4] },
		.rest = frame->key.words[5],
		.account = account,
	};
	struct weir_tap_seen none = {}, *seen;
	__u64 packets, octets;

	seen = bpf_map_lookup_elem(&weir_tap_flows, &flow);
	if (!seen) {
		bpf_map_update_elem(&weir_tap_flows, &flow, &none, BPF_NOEXIST);
		seen = bpf_map_lookup_elem(&weir_tap_flows, &flow);
		if (!seen)
			return 0;
	}
	packets = __sync_fetch_and_add(&seen->packets, packet->packets);
	octets = __sync_fetch_and_add(&seen->octets, packet->octets);
	return (session->first_packets && packets >= session->first_packets) ||
	       (session->first_octets && octets >= session->first_octets);
}

/* The same for both directions of a flow. */
static __always_inline __u32 tap_flow_hash(const struct tap_frame *frame)
{
	const __u64 *words = frame->key.words;
	__u64 sum = (words[0] ^ words[2]) + (words[1] ^ words[3]);
	__u32 ports = words[4];

	sum += (__u64)((ports >> 16) ^ (ports & 0xffff)) << 32 |
	       frame->key.key.protocol;
	sum = (sum ^ weir_config.table.seed[0]) * HASH_MULTIPLIER;
	sum ^= sum >> 32;
	return sum * HASH_MULTIPLIER >> 32;
}

static __always_inline int tap_is_drawn(const struct weir_tap_session *session,
					const struct tap_frame *frame)
{
	__u32 draw = session->sample_flows ? tap_flow_hash(frame) :
					     bpf_get_prandom_u32();

	return session->sample_rate < 2 ||
	       !((__u64)draw * session->sample_rate >> 32);
}

/* Whether the limit has room for that much, which it has had then. */
static __always_inline int tap_limit(__u32 place, enum weir_tap_limits which,
				     __u64 now, __u64 units)
{
	__u32 index = place * WEIR_TAP_LIMITS + which;
	struct weir_tap_limit *limit;
	__u64 due, start, cost;

	limit = bpf_map_lookup_elem(&weir_tap_limits, &index);
	if (!limit || !limit->cost)
		return 1;
	cost = units * limit->cost >> WEIR_TAP_COST_SHIFT;
	for (int i = 0; i < 4; i++) {
		due = limit->due;
		start = due > now ? due : now;
		if (start - now > limit->burst)
			return 0;
		if (__sync_val_compare_and_swap(&limit->due, due,
						start + cost) == due)
			return 1;
	}
	return 0;		/* so many other CPUs have had it */
}

/* Why the session withholds the frame, an enum weir_tap_loss; or TAP_SENT. */
static __noinline int tap_withholds(const struct tapped *tapped,
				    const struct tap_frame *frame,
				    const struct packet_view *packet)
{
	const struct weir_tap_session *session = tapped->session;
	__u64 bytes = packet->octets + (__u64)packet->packets * ETH_HLEN;
	__u64 now;

	if ((session->first_packets || session->first_octets) &&
	    frame->kinds & WEIR_TAP_IP &&
	    tap_is_beyond(session, frame, tapped->number, packet))
		return WEIR_TAP_LOSS_FIRST;
	if (!tap_is_drawn(session, frame))
		return WEIR_TAP_LOSS_SAMPLING;
	now = bpf_ktime_get_ns() << WEIR_TAP_TIME_SHIFT;
	if (!tap_limit(tapped->place, WEIR_TAP_RATE_BYTES, now, bytes) ||
	    !tap_limit(tapped->place, WEIR_TAP_RATE_PACKETS, now,
		       packet->packets))
		return WEIR_TAP_LOSS_RATE;
	if (!tap_limit(tapped->place, WEIR_TAP_BUDGET_BYTES, now, bytes) ||
	    !tap_limit(tapped->place, WEIR_TAP_BUDGET_PACKETS, now,
		       packet->packets))
		return WEIR_TAP_LOSS_BUDGET;
	return TAP_SENT;
}

/* A packet of whatever kind as rules see it. said: as account() has it. */
static __always_inline void tap_frame_make(struct tap_frame *frame,
					   const struct packet_view *packet,
					   int kind, int said, __u16 port,
					   __u8 direction)
{
	struct open_window open = { .port = port, .direction = direction };
	union key_words key = {};

	frame->whole_flow = 0;
	frame->direction = direction;
	frame->tcp_flags = packet->tcp_bits;
	if (kind != PACKET_IP) {
		key.key.port = port;
		key.key.vlan_id = packet->vlan_id;
		frame->key = key;
		frame->kinds = 0;
		return;
	}
	flow_key_make(&key, packet, &open, 0);
	tap_frame_key(frame, &key);
	frame->kinds = tap_kinds_of_flow(&key);
	frame->kinds |= SAID_RULING(said) >= WEIR_RULING_REJECT ?
				WEIR_TAP_REFUSED :
				WEIR_TAP_PASSED;
	if (packet->protocol == IPPROTO_TCP &&
	    packet->fragment != FRAGMENT_LATER &&
	    packet->fragment != FRAGMENT_WITHOUT_FLOW &&
	    !(packet->tcp_bits & WEIR_TCP_HIDDEN))
		frame->kinds |= WEIR_TAP_FLAGS;
}

#endif
