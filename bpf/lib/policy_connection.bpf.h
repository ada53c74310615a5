/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Connections of a port: what has been allowed statefully, so that replies are
 * allowed. A map of the port's own, of fixed size: a flood at one port harms no
 * other, and one of calls to a machine not the machine's own. A cache line each, since BPF_MAP_TYPE_LRU_HASH takes half a
 * microsecond to make an entry.
 *
 * Touched when a flow is judged: once a window and CPU for each flow, not once
 * a packet. Both programs of the port write here, on all CPUs: the maker of a
 * connection takes its place by making the sequence odd, and a finder sees
 * the same even sequence before and after.
 */
#ifndef WEIR_POLICY_CONNECTION_BPF_H
#define WEIR_POLICY_CONNECTION_BPF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "control.bpf.h"
#include "flow_key.bpf.h"
#include "line_hash.bpf.h"

struct connections {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, WEIR_CONNECTIONS);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, sizeof(struct weir_connection));
};

MAP_OF_PORTS(weir_conns_of, struct connections);

#define SECOND_NS 1000000000ULL
#define TCP_IDLE_NS (7440 * SECOND_NS)		/* RFC 5382, REQ-5: over 2 h */
#define UDP_IDLE_NS (300 * SECOND_NS)		/* RFC 4787, REQ-5 */
#define ICMP_IDLE_NS (60 * SECOND_NS)		/* RFC 5508, REQ-2 */
#define OTHER_IDLE_NS (600 * SECOND_NS)

/* Requests and their replies: RFC 792, RFC 4443 §4. */
#define ICMP_ECHO_REPLY 0
#define ICMP_ECHO 8
#define ICMP_TIMESTAMP 13
#define ICMP_TIMESTAMP_REPLY 14
#define ICMPV6_ECHO 128
#define ICMPV6_ECHO_REPLY 129

#define KEY_EGRESS ((__u64)WEIR_KEY_EGRESS << KEY_KIND_SHIFT)
#define KEY_IPV6 ((__u64)WEIR_KEY_IPV6 << KEY_KIND_SHIFT)

static __always_inline int is_icmp(const union key_words *flow)
{
	return flow->key.protocol == (flow->key.kind & WEIR_KEY_IPV6 ?
					      IPPROTO_ICMPV6 :
					      IPPROTO_ICMP);
}

/* WEIR_KEY_RELATED in the word of the ports, in wire order. */
#define KEY_RELATED ((__u64)bpf_htons(WEIR_KEY_RELATED) << 16)

static __always_inline int is_related(const union key_words *flow)
{
	return is_icmp(flow) && flow->words[4] & KEY_RELATED;
}

static __always_inline __u8 flow_direction(const union key_words *flow)
{
	return flow->key.kind & WEIR_KEY_EGRESS ? WEIR_EGRESS : WEIR_INGRESS;
}

/* Those of the flow's port; NULL where it has none. */
static __always_inline void *flow_connections(const union key_words *flow)
{
	__u32 port = flow->key.port;

	return bpf_map_lookup_elem(&weir_conns_of, &port);
}

/* The type that answers, or is answered by, that one; -1: none. */
static __always_inline int icmp_counterpart(int type, int is_ipv6)
{
	if (is_ipv6)
		return type == ICMPV6_ECHO	  ? ICMPV6_ECHO_REPLY :
		       type == ICMPV6_ECHO_REPLY ? ICMPV6_ECHO :
						   -1;
	return type == ICMP_ECHO	    ? ICMP_ECHO_REPLY :
	       type == ICMP_ECHO_REPLY	    ? ICMP_ECHO :
	       type == ICMP_TIMESTAMP	    ? ICMP_TIMESTAMP_REPLY :
	       type == ICMP_TIMESTAMP_REPLY ? ICMP_TIMESTAMP :
					      -1;
}

static __always_inline int is_icmp_request(int type)
{
	return type == ICMP_ECHO || type == ICMP_TIMESTAMP ||
	       type == ICMPV6_ECHO;
}

/* The ports of the other direction; of ICMP, type and code. */
static __always_inline __u32 reverse_ports(const union key_words *flow)
{
	int is_ipv6 = flow->key.kind & WEIR_KEY_IPV6;
	__u32 ports = flow->words[4];

	if (is_icmp(flow))
		return bpf_htons(icmp_counterpart(bpf_ntohs(flow->key.src_port),
						  is_ipv6));
	return ports >> 16 | ports << 16;
}

/* The flow of the other direction, where there is one. */
static __always_inline void flow_reverse(union key_words *reverse,
					 const union key_words *flow)
{
	reverse->words[0] = flow->words[2];
	reverse->words[1] = flow->words[3];
	reverse->words[2] = flow->words[0];
	reverse->words[3] = flow->words[1];
	reverse->words[4] = (flow->words[4] & ~0xffffffffULL) |
			    reverse_ports(flow);
	reverse->words[5] = flow->words[5] ^ KEY_EGRESS;
}

/* Of the last word, what is the connection's; not the version or the window. */
#define KEY_OF_CONNECTION                                                      \
	(WEIR_KEY_VLAN_ID | 0xffULL << KEY_PROTOCOL_SHIFT | KEY_IPV6 |         \
	 KEY_EGRESS)

/*
 * The key of the flow's connection; 0 where it can be of none: ICMP that asks
 * nothing and answers nothing, fragments whose ports are not known.
 */
static __always_inline int connection_key(union key_words *key,
					  const union key_words *flow)
{
	int is_ipv6 = flow->key.kind & WEIR_KEY_IPV6;
	int type = bpf_ntohs(flow->key.src_port);
	int is_forward = flow->key.kind & WEIR_KEY_EGRESS;

	if (flow->key.kind & WEIR_KEY_FRAGMENT_WITHOUT_FLOW)
		return 0;
	if (is_icmp(flow)) {
		if (icmp_counterpart(type, is_ipv6) < 0)
			return 0;
		is_forward = is_icmp_request(type);
	}
	if (is_forward)
		*key = *flow;
	else
		flow_reverse(key, flow);
	key->words[5] &= KEY_OF_CONNECTION;
	return 1;
}

/* Whether the flow may begin a connection: an ICMP reply may not. */
static __always_inline int flow_begins(const union key_words *flow)
{
	return !is_icmp(flow) ||
	       is_icmp_request(bpf_ntohs(flow->key.src_port));
}

static __always_inline __u64 idle_limit(const union key_words *flow)
{
	if (is_icmp(flow))
		return ICMP_IDLE_NS;
	switch (flow->key.protocol) {
	case IPPROTO_TCP:
		return TCP_IDLE_NS;
	case IPPROTO_UDP:
		return UDP_IDLE_NS;
	default:
		return OTHER_IDLE_NS;
	}
}

/*
 * Whether it may still be in use. Its flows are judged once a window, so that
 * one which was used since the window before the open one began may be in use
 * at this moment, however long ago that is.
 */
static __always_inline int
connection_lives(const struct weir_connection *connection,
		 const union key_words *flow, __u64 now)
{
	__u64 even = weir_control.opened[0].monotonic_ns;
	__u64 odd = weir_control.opened[1].monotonic_ns;

	__u64 before = even < odd ? even : odd;

	return (__s64)(connection->seen_ns - before) >= 0 ||
	       now - connection->seen_ns <= idle_limit(flow);
}

static __always_inline struct weir_connection *
connection_at(void *connections, __u8 begun_by, __u32 home, __u32 step)
{
	__u32 index = (begun_by & 1) << WEIR_CONNECTIONS_BITS |
		      ((home + step) & ((1 << WEIR_CONNECTIONS_BITS) - 1));

	return bpf_map_lookup_elem(connections, &index);
}

static __always_inline __u32 connection_home(const union key_words *key)
{
	return line_hash(key, 0) >> (32 - WEIR_CONNECTIONS_BITS);
}

static __always_inline int
connection_has_key(const struct weir_connection *connection,
		   const union key_words *key)
{
	__u64 difference = 0;

#pragma unroll
	for (int i = 0; i < KEY_WORDS; i++)
		difference |= connection->words[i] ^ key->words[i];
	return !difference;
}

/* As it is now, with everything that is read after it. */
static __always_inline __u32 sequence_read(struct weir_connection *connection)
{
	return __sync_fetch_and_add(&connection->sequence, 0);
}

/* Whether it is the key's, and is not being written. */
static __always_inline int connection_is(struct weir_connection *connection,
					 const union key_words *key)
{
	__u32 sequence;

	if (!connection_has_key(connection, key))
		return 0;
	sequence = sequence_read(connection);
	barrier();
	return !(sequence & 1) && connection_has_key(connection, key) &&
	       sequence_read(connection) == sequence;
}

/* The key's connection that this direction began, where it lives; else NULL. */
static __always_inline struct weir_connection *
connection_find(void *connections, const union key_words *key,
		const union key_words *flow, __u64 now, __u8 begun_by)
{
	__u32 home = connection_home(key);
	struct weir_connection *connection;

	for (int i = 0; i < WEIR_CONNECTION_PLACES; i++) {
		connection = connection_at(connections, begun_by, home, i);
		if (!connection || !connection->seen_ns)
			return NULL;
		if (connection_is(connection, key))
			return connection_lives(connection, flow, now) ?
				       connection :
				       NULL;
	}
	return NULL;
}

/* Where a new connection is to lie: in its own place, if it has one. */
static __always_inline struct weir_connection *
connection_place(void *connections, const union key_words *key, __u8 begun_by)
{
	struct weir_connection *connection, *place = NULL;
	__u32 home = connection_home(key);
	__u64 oldest = ~0ULL;

	for (int i = 0; i < WEIR_CONNECTION_PLACES; i++) {
		connection = connection_at(connections, begun_by, home, i);
		if (!connection)
			break;
		if (connection_has_key(connection, key))
			return connection;
		if (connection->seen_ns < oldest) {
			oldest = connection->seen_ns;
			place = connection;
		}
		if (!oldest)
			break;
	}
	return place;
}

/* 0 where it is made; -1 where another CPU writes that place at this moment. */
static __always_inline int connection_make(void *connections,
					   const union key_words *key,
					   __u8 begun_by, __u64 now)
{
	struct weir_connection *place = connection_place(connections, key,
							 begun_by);
	__u32 sequence;

	if (!place)
		return -1;
	sequence = place->sequence;
	if (sequence & 1 ||
	    __sync_val_compare_and_swap(&place->sequence, sequence,
					sequence + 1) != sequence)
		return -1;
#pragma unroll
	for (int i = 0; i < KEY_WORDS; i++)
		place->words[i] = key->words[i];
	place->begun_by = begun_by;
	place->seen_ns = now;
	__sync_fetch_and_add(&place->sequence, 1);
	return 0;
}

/*
 * Makes a connection that the flow begins, or says that it is in use. Where the
 * other end has begun it, the flow is an answer, and begins none of its own:
 * else it would bring back what a policy has ended.
 */
static __always_inline void connection_note(void *connections,
					    const union key_words *key,
					    const union key_words *flow,
					    __u64 now)
{
	__u8 direction = flow_direction(flow);
	struct weir_connection *connection;

	if (connection_find(connections, key, flow, now, direction ^ 1))
		return;
	connection = connection_find(connections, key, flow, now, direction);
	if (connection) {
		connection->seen_ns = now;
		return;
	}
	/* Another CPU is done at the second try, or is at another place. */
	if (flow_begins(flow) &&
	    connection_make(connections, key, direction, now))
		connection_make(connections, key, direction, now);
}

#endif
