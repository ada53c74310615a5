/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Later fragments carry no transport header: their ports, and in IPv6 even
 * their protocol, are those of the first fragment of the same datagram.
 *
 * The memory of first fragments is each port's own, of fixed size, half of it for
 * each direction: a flood of fragments at one port costs no other port anything,
 * and one that is sent to a machine nothing of what the machine sends. Both programs of the port
 * write here, on all CPUs: a CPU takes a place by making its sequence odd, and a
 * reader sees the same even sequence before and after.
 */
#ifndef WEIR_FRAGMENT_BPF_H
#define WEIR_FRAGMENT_BPF_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "config.bpf.h"
#include "line_hash.bpf.h"
#include "packet_view.bpf.h"

struct fragments {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_FRAGMENTS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct weir_fragment));
};

MAP_OF_PORTS(weir_frags_of, struct fragments);

/* As long as Linux waits for the rest of a datagram (ipfrag_time). */
#define FRAGMENT_LIFETIME_NS 30000000000ULL
/* Of the last word, what is the datagram's. */
#define FRAGMENT_KEY_BITS 32

static __always_inline void fragment_key(union key_words *datagram,
					 const struct packet_view *packet,
					 __u8 direction)
{
	datagram->words[0] = packet->src_addr[0];
	datagram->words[1] = packet->src_addr[1];
	datagram->words[2] = packet->dst_addr[0];
	datagram->words[3] = packet->dst_addr[1];
	datagram->words[4] = packet->fragment_id |
			     (__u64)packet->fragment_protocol << 32 |
			     (__u64)packet->key_kind << 40 |
			     (__u64)direction << 48;
	datagram->words[5] = packet->vlan_id |
			     (__u64)packet->inner_vlan_id << 16;
}

static __always_inline __u32 fragment_home(const union key_words *datagram)
{
	__u64 sum = line_hash(datagram, 0);

	/* The hash leaves out half of the addresses where it takes it for IPv4. */
	sum += hash_pair(datagram->words[1], datagram->words[3], 7);
	sum += hash_pair(datagram->words[0] >> 32, datagram->words[2] >> 32, 5);
	return sum * HASH_MULTIPLIER >> (64 - WEIR_FRAGMENTS_BITS);
}

/* The direction is in the datagram's key. */
static __always_inline struct weir_fragment *
fragment_at(void *fragments, const union key_words *datagram, __u32 home,
	    __u32 step)
{
	__u32 direction = datagram->words[4] >> 48 & 1;
	__u32 index = direction << WEIR_FRAGMENTS_BITS |
		      ((home + step) & ((1 << WEIR_FRAGMENTS_BITS) - 1));

	return bpf_map_lookup_elem(fragments, &index);
}

static __always_inline int fragment_has_key(const struct weir_fragment *fragment,
					    const union key_words *datagram)
{
	__u64 difference = (fragment->words[5] ^ datagram->words[5])
			   << FRAGMENT_KEY_BITS;

#pragma unroll
	for (int i = 0; i < KEY_WORDS - 1; i++)
		difference |= fragment->words[i] ^ datagram->words[i];
	return !difference;
}

/* Where a datagram is to lie: in its own place, if it has one. */
static __always_inline struct weir_fragment *
fragment_place(void *fragments, const union key_words *datagram)
{
	struct weir_fragment *fragment, *place = NULL;
	__u32 home = fragment_home(datagram);
	__u64 oldest = ~0ULL;

	for (int i = 0; i < WEIR_FRAGMENT_PLACES; i++) {
		fragment = fragment_at(fragments, datagram, home, i);
		if (!fragment)
			break;
		if (fragment_has_key(fragment, datagram))
			return fragment;
		if (fragment->seen_ns < oldest) {
			oldest = fragment->seen_ns;
			place = fragment;
		}
		if (!oldest)
			break;
	}
	return place;
}

/* Where another CPU writes that place at this moment, that one is remembered. */
static __always_inline void fragment_write(struct weir_fragment *place,
					   const union key_words *datagram,
					   const struct packet_view *packet,
					   __u64 now)
{
	__u32 sequence = place->sequence;

	if (sequence & 1 ||
	    __sync_val_compare_and_swap(&place->sequence, sequence,
					sequence + 1) != sequence)
		return;
#pragma unroll
	for (int i = 0; i < KEY_WORDS - 1; i++)
		place->words[i] = datagram->words[i];
	place->words[5] = datagram->words[5] | (__u64)packet->protocol
						       << FRAGMENT_KEY_BITS;
	place->seen_ns = now;
	place->src_port = packet->src_port;
	place->dst_port = packet->dst_port;
	__sync_fetch_and_add(&place->sequence, 1);
}

/* 1 where the place is the datagram's, and the packet has its flow's ports now. */
static __always_inline int fragment_read(struct weir_fragment *place,
					 const union key_words *datagram,
					 struct packet_view *packet, __u64 now)
{
	__u32 sequence = __sync_fetch_and_add(&place->sequence, 0);
	volatile struct weir_fragment *written = place;
	__u16 src_port, dst_port;
	__u8 protocol;

	if (sequence & 1 || !fragment_has_key(place, datagram) ||
	    now - place->seen_ns > FRAGMENT_LIFETIME_NS)
		return 0;
	barrier();
	src_port = written->src_port;
	dst_port = written->dst_port;
	protocol = written->words[5] >> FRAGMENT_KEY_BITS;
	barrier();
	if (__sync_fetch_and_add(&place->sequence, 0) != sequence)
		return 0;
	packet->src_port = src_port;
	packet->dst_port = dst_port;
	packet->protocol = protocol;
	return 1;
}

/*
 * Completes what makes the flow of a fragment.
 *
 * A global function: off the way of other packets, and looked at by the verifier
 * once.
 */
__noinline int fragment_attribute(struct packet_view *packet, __u32 port,
				  __u32 direction)
{
	struct weir_fragment *fragment;
	union key_words datagram;
	void *fragments;
	__u32 home;
	__u64 now;

	fragments = bpf_map_lookup_elem(&weir_frags_of, &port);
	if (!packet || !fragments)
		return 0;
	/* Not the coarse clock: of datagrams in one tick the newest stay. */
	now = bpf_ktime_get_ns();
	fragment_key(&datagram, packet, direction);
	if (packet->fragment == FRAGMENT_FIRST) {
		fragment = fragment_place(fragments, &datagram);
		if (fragment)
			fragment_write(fragment, &datagram, packet, now);
		return 0;
	}
	home = fragment_home(&datagram);
	for (int i = 0; i < WEIR_FRAGMENT_PLACES; i++) {
		fragment = fragment_at(fragments, &datagram, home, i);
		if (!fragment || !fragment->sequence)
			break;
		if (fragment_read(fragment, &datagram, packet, now))
			return 0;
	}
	packet->fragment = FRAGMENT_WITHOUT_FLOW;
	packet->key_kind |= WEIR_KEY_FRAGMENT_WITHOUT_FLOW;
	return 0;
}

#endif
