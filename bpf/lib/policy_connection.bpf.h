/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Connections of a port: what has been allowed statefully, so that replies are
 * allowed. A map of the port's own, of fixed size, in which new ones take the
 * place of what was not used for longest: a flood at one port harms no other.
 *
 * Touched when a flow is judged: once a window and CPU for each flow, not once
 * a packet.
 */
#ifndef WEIR_POLICY_CONNECTION_BPF_H
#define WEIR_POLICY_CONNECTION_BPF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "control.bpf.h"
#include "flow_key.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct weir_flow_key);
	__type(value, struct weir_connection);
} weir_connected SEC(".maps");

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

static __always_inline __u8 flow_direction(const union key_words *flow)
{
	return flow->key.kind & WEIR_KEY_EGRESS ? WEIR_EGRESS : WEIR_INGRESS;
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
 * nothing and answers nothing, fragments whose ports nobody knows.
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

	return connection->seen_ns >= (even < odd ? even : odd) ||
	       now - connection->seen_ns <= idle_limit(flow);
}

static __always_inline struct weir_connection *
connection_find(const union key_words *key, const union key_words *flow,
		__u64 now)
{
	struct weir_connection *connection;

	connection = bpf_map_lookup_elem(&weir_connected, &key->key);
	if (!connection || !connection_lives(connection, flow, now))
		return NULL;
	return connection;
}

/*
 * Makes a connection that the flow begins, or says that it is in use. Where the
 * other end has begun it, the flow is an answer, and begins none of its own:
 * else it would bring back what a policy has ended.
 */
static __always_inline void connection_note(const union key_words *key,
					    const union key_words *flow,
					    __u64 now)
{
	struct weir_connection *connection = connection_find(key, flow, now);
	struct weir_connection new = {
		.seen_ns = now,
		.begun_by = flow_direction(flow),
	};

	if (connection) {
		if (connection->begun_by == new.begun_by)
			connection->seen_ns = now;
		return;
	}
	if (flow_begins(flow))
		bpf_map_update_elem(&weir_connected, &key->key, &new, BPF_ANY);
}

#endif
