/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Which tap session takes a frame, and whether it may be copied.
 *
 * A flow is asked about once, when its line is made: whether a session could want
 * a packet of it. What a session could want is asked about frame by frame, so
 * that each frame meets the sessions of its moment.
 *
 * Programs for ports that are no source of copies are compiled without
 * WEIR_COPIES, and have not an instruction of this.
 */
#ifndef WEIR_TAP_BPF_H
#define WEIR_TAP_BPF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_helpers.h>

#include "../include/weir_copies.h"
#include "control.bpf.h"
#include "flow_key.bpf.h"

/* What is said of a frame: enum weir_ruling, and whether it may be wanted. */
#define SAID_WANTED 4
#define SAID_UNJUDGED 8		/* it found no room: the policy is not asked yet */
#ifdef WEIR_COPIES
#define WEIR_SAMPLES
#endif
#ifdef WEIR_SAMPLES
#define SAID_RULING(said) ((said) & 3)
#else
#define SAID_RULING(said) (said)
#endif

#ifdef WEIR_COPIES
#define TAP_MAP(name_, value_, entries_)                                       \
	struct {                                                               \
		__uint(type, BPF_MAP_TYPE_ARRAY);                              \
		__uint(map_flags, BPF_F_MMAPABLE);                             \
		__uint(max_entries, entries_);                                 \
		__type(key, __u32);                                            \
		__type(value, value_);                                         \
	} name_ SEC(".maps")

TAP_MAP(weir_tap_rules, struct weir_tap_rule, WEIR_GENERATIONS *WEIR_TAP_RULES);
TAP_MAP(weir_tap_sess, struct weir_tap_session,
	WEIR_GENERATIONS *WEIR_TAP_SESSIONS);
TAP_MAP(weir_tap_ports, struct weir_tap_port, WEIR_GENERATIONS *WEIR_MAX_PORTS);
TAP_MAP(weir_tap_limits, struct weir_tap_limit,
	WEIR_TAP_SESSIONS *WEIR_TAP_LIMITS);

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, WEIR_TAP_ACCOUNTS *WEIR_DIRECTIONS);
	__type(key, __u32);
	__type(value, struct weir_tap_account);
} weir_tap_counts SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, WEIR_TAP_FLOWS);
	__type(key, struct weir_tap_flow);
	__type(value, struct weir_tap_seen);
} weir_tap_flows SEC(".maps");

/* A frame as the rules of sessions see it. */
struct tap_frame {
	union key_words key;	/* of what has no flow: the port and the VLAN id */
	__u32 generation;	/* of the sessions */
	__u32 kinds;		/* enum weir_tap_kinds: what it satisfies */
	__u8 direction;
	__u8 tcp_flags;
	__u8 whole_flow;	/* 1: asked about the flow, not about a packet */
	__u8 zero[5];
};

/* Each program's own; of one CPU, until a copy is sent. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct tap_frame);
} weir_tap_frame SEC(".maps");

static __always_inline __u64 range_misses(__u16 value, const __u16 range[2])
{
	return value < range[0] || value > range[1];
}

static __always_inline int tap_rule_matches(const struct weir_tap_rule *rule,
					    const struct tap_frame *frame)
{
	__u32 kinds = rule->kinds;
	__u32 asked = kinds & (WEIR_TAP_IP | WEIR_TAP_IPV4 | WEIR_TAP_IPV6 |
			       WEIR_TAP_PORTS | WEIR_TAP_FLAGS |
			       WEIR_TAP_REFUSED | WEIR_TAP_PASSED);
	__u64 difference = 0;

	if (asked & ~frame->kinds)
		return 0;
#pragma unroll
	for (int i = 0; i < 4; i++)
		difference |= (frame->key.words[i] ^ rule->words[i]) &
			      rule->masks[i];
	if (kinds & WEIR_TAP_PROTOCOL)
		difference |= frame->key.key.protocol ^ rule->protocol;
	if (kinds & WEIR_TAP_PORTS) {
		difference |= range_misses(
			__builtin_bswap16(frame->key.key.src_port),
			rule->src_port);
		difference |= range_misses(
			__builtin_bswap16(frame->key.key.dst_port),
			rule->dst_port);
	}
	if (kinds & WEIR_TAP_VLAN)
		difference |= range_misses(frame->key.key.vlan_id, rule->vlan);
	if (kinds & WEIR_TAP_FLAGS && !frame->whole_flow)
		difference |= (frame->tcp_flags ^ rule->tcp_flags) &
			      rule->tcp_mask;
	return !difference;
}

static __always_inline int tap_vlan_is_taken(const struct weir_tap_session *of,
					     __u16 vlan_id)
{
	__u32 word = vlan_id / 64 % (4096 / 64);

	return !of->has_vlans || (of->vlans[word] >> vlan_id % 64 & 1);
}

/*
 * Whether the session takes the frame, or, asked about a flow, could take a
 * packet of it: the first rule that matches decides. A global function: looked at
 * by the verifier once.
 */
__noinline int tap_accepts(struct tap_frame *frame, __u32 place)
{
	struct weir_tap_session *session;
	struct weir_tap_rules rules;
	struct weir_tap_rule *rule;
	__u32 index;

	if (!frame)
		return 0;
	index = frame->generation * WEIR_TAP_SESSIONS + place;
	session = bpf_map_lookup_elem(&weir_tap_sess, &index);
	if (!session || !tap_vlan_is_taken(session, frame->key.key.vlan_id))
		return 0;
	rules = session->rules[frame->direction & 1];
	for (__u32 i = 0; i < WEIR_TAP_RULES_OF_DIRECTION; i++) {
		if (i >= rules.count)
			break;
		index = frame->generation * WEIR_TAP_RULES + rules.first + i;
		rule = bpf_map_lookup_elem(&weir_tap_rules, &index);
		if (!rule)
			break;
		if (!tap_rule_matches(rule, frame))
			continue;
		if (rule->kinds & WEIR_TAP_ACCEPTS)
			return 1;
		/* Of a flow it may be that only some packets are not taken. */
		if (!frame->whole_flow || !(rule->kinds & WEIR_TAP_OF_PACKET))
			return 0;
	}
	return 0;
}

/* What arrives by a tunnel, or leaves by one, may be a copy: it is taken by none. */
static __always_inline int tap_is_tunnel(const struct tap_frame *frame,
					 const struct weir_tap_port *port)
{
	return port->tunnel_port && frame->kinds & WEIR_TAP_IP &&
	       frame->key.key.protocol == IPPROTO_UDP &&
	       frame->key.key.dst_port == port->tunnel_port;
}

#define TAP_NO_MORE (-2)

/*
 * The session that takes the frame: its place, and above it from bit 16 on the
 * account. Negative: none. Sets the generation that the frame is asked about in.
 */
__noinline int tap_take(struct tap_frame *frame)
{
	struct weir_tap_port *port;
	__u32 index;

	if (!frame)
		return -1;
	frame->generation = weir_control.taps % WEIR_GENERATIONS;
	index = frame->generation * WEIR_MAX_PORTS + frame->key.key.port;
	port = bpf_map_lookup_elem(&weir_tap_ports, &index);
	if (!port || tap_is_tunnel(frame, port))
		return -1;
	for (__u32 i = 0; i < WEIR_TAP_USES; i++) {
		if (i >= port->count)
			break;
		if (tap_accepts(frame, port->uses[i].session))
			return port->uses[i].session |
			       (__u32)port->uses[i].account << 16;
	}
	return -1;
}

/* Or a type and a code. */
static __always_inline int has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP ||
	       protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6 ||
	       protocol == IPPROTO_SCTP || protocol == IPPROTO_DCCP ||
	       protocol == IPPROTO_UDPLITE;
}

static __always_inline __u32 tap_kinds_of_flow(const union key_words *key)
{
	__u32 kinds = WEIR_TAP_IP;

	kinds |= key->key.kind & WEIR_KEY_IPV6 ? WEIR_TAP_IPV6 : WEIR_TAP_IPV4;
	if (!(key->key.kind & WEIR_KEY_FRAGMENT_WITHOUT_FLOW) &&
	    has_ports(key->key.protocol))
		kinds |= WEIR_TAP_PORTS;
	return kinds;
}

static __always_inline struct tap_frame *tap_frame(void)
{
	__u32 index = 0;

	return bpf_map_lookup_elem(&weir_tap_frame, &index);
}

/* Without what a key notes beside the code of an ICMP error. */
static __always_inline void tap_frame_key(struct tap_frame *frame,
					  const union key_words *flow)
{
	frame->key = *flow;
	if (flow->key.protocol == IPPROTO_ICMP ||
	    flow->key.protocol == IPPROTO_ICMPV6)
		frame->key.key.dst_port &= __builtin_bswap16(0xff);
}

/* The same of the capture at that place of its port's. TAP_NO_MORE: there is none. */
__noinline int tap_capture(struct tap_frame *frame, __u32 which)
{
	struct weir_tap_port *port;
	__u32 index;

	if (!frame || which >= WEIR_TAP_CAPTURES)
		return TAP_NO_MORE;
	index = frame->generation * WEIR_MAX_PORTS + frame->key.key.port;
	port = bpf_map_lookup_elem(&weir_tap_ports, &index);
	if (!port || which >= port->captures)
		return TAP_NO_MORE;
	if (!tap_accepts(frame, port->capture[which].session))
		return -1;
	return port->capture[which].session |
	       (__u32)port->capture[which].account << 16;
}

/* Whether a session or a capture could want a packet of the flow. */
static __noinline int tap_wants(const union key_words *flow)
{
	struct tap_frame *frame = tap_frame();

	if (!frame)
		return 0;
	tap_frame_key(frame, flow);
	frame->kinds = tap_kinds_of_flow(flow) | WEIR_TAP_OF_PACKET;
	frame->direction = !!(flow->key.kind & WEIR_KEY_EGRESS);
	frame->whole_flow = 1;
	if (tap_take(frame) >= 0)
		return 1;
	for (__u32 i = 0; i < WEIR_TAP_CAPTURES; i++) {
		int taken = tap_capture(frame, i);

		if (taken >= 0)
			return 1;
		if (taken == TAP_NO_MORE)
			break;
	}
	return 0;
}
#else
static __always_inline int tap_wants(const union key_words *flow)
{
	(void)flow;
	return 0;
}
#endif

#endif
