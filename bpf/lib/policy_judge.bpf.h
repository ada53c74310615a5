/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * From a flow to what the policy says of it: the rules of the port's set, and
 * connections, by which replies to what a rule allows are allowed.
 */
#ifndef WEIR_POLICY_JUDGE_BPF_H
#define WEIR_POLICY_JUDGE_BPF_H

#include <linux/bpf.h>
#include <linux/in.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "clock.bpf.h"
#include "policy_connection.bpf.h"
#include "policy_rules.bpf.h"

/* Index: generation * WEIR_MAX_PORTS + port. */
POLICY_MAP(weir_policies, struct weir_policy_port, WEIR_MAX_PORTS);

/* Index: generation. */
POLICY_MAP(weir_frames, struct weir_policy_frames, 1);

/*
 * What a judgement needs of memory, which the stack has not. Each program's
 * own: of two of one kind none interrupts the other on its CPU.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct rule_search);
} weir_judging SEC(".maps");

/* Of a program that sees frames when they are gone already. */
#ifdef POLICY_CANNOT_DROP
#define RULING_ENFORCED WEIR_RULING_REJECT
#else
#define RULING_ENFORCED WEIR_RULING_DROP
#endif

#define DHCP_SERVER 67		/* RFC 2131 §4.1 */
#define DHCP_CLIENT 68
#define DHCPV6_CLIENT 546	/* RFC 8415 §7.2 */
#define DHCPV6_SERVER 547
/* Multicast listeners and neighbours: RFC 2710, 3810, 4861. */
#define ICMPV6_LISTENER_QUERY 130
#define ICMPV6_LISTENER_REPORT 131
#define ICMPV6_LISTENER_DONE 132
#define ICMPV6_ROUTER_SOLICITATION 133
#define ICMPV6_ROUTER_ADVERTISEMENT 134
#define ICMPV6_NEIGHBOUR_SOLICITATION 135
#define ICMPV6_NEIGHBOUR_ADVERTISEMENT 136
#define ICMPV6_REDIRECT 137
#define ICMPV6_LISTENER_REPORT_2 143

#define PORT_PAIR(src_, dst_) (bpf_htons(src_) | (__u32)bpf_htons(dst_) << 16)

/*
 * What a machine sends, and what a network tells it: it is no router, so that what
 * only routers say does not pass from it, and what only routers hear not to it.
 */
static __always_inline int is_exempt_icmpv6(__u16 type, int is_egress)
{
	switch (type) {
	case ICMPV6_NEIGHBOUR_SOLICITATION:
	case ICMPV6_NEIGHBOUR_ADVERTISEMENT:
		return 1;
	case ICMPV6_ROUTER_SOLICITATION:
	case ICMPV6_LISTENER_REPORT:
	case ICMPV6_LISTENER_DONE:
	case ICMPV6_LISTENER_REPORT_2:
		return is_egress;
	case ICMPV6_ROUTER_ADVERTISEMENT:
	case ICMPV6_REDIRECT:
	case ICMPV6_LISTENER_QUERY:
		return !is_egress;
	default:
		return 0;
	}
}

/* Without these a machine has no address, or none that others find. */
static __always_inline int is_exempt(const union key_words *flow)
{
	int is_egress = flow->key.kind & WEIR_KEY_EGRESS;
	__u32 ports = flow->words[4];

	if (flow->key.protocol == IPPROTO_UDP) {
		if (flow->key.kind & WEIR_KEY_IPV6)
			return is_egress ? ports == PORT_PAIR(DHCPV6_CLIENT,
							      DHCPV6_SERVER) :
					   ports == PORT_PAIR(DHCPV6_SERVER,
							      DHCPV6_CLIENT);
		return is_egress ? ports == PORT_PAIR(DHCP_CLIENT, DHCP_SERVER) :
				   ports == PORT_PAIR(DHCP_SERVER, DHCP_CLIENT);
	}
	return flow->key.protocol == IPPROTO_ICMPV6 &&
	       flow->key.kind & WEIR_KEY_IPV6 &&
	       is_exempt_icmpv6(bpf_ntohs(flow->key.src_port), is_egress);
}

/* Of a flow's last word, what rules compare; the set takes the rest's place. */
#define KEY_OF_RULES                                                           \
	(0xffULL << KEY_PROTOCOL_SHIFT |                                       \
	 (__u64)(WEIR_KEY_IPV6 | WEIR_KEY_EGRESS |                             \
		 WEIR_KEY_FRAGMENT_WITHOUT_FLOW) << KEY_KIND_SHIFT)

static __always_inline void rule_key(union key_words *key, __u16 set)
{
	if (is_related(key))
		key->words[4] &= ~KEY_RELATED;
	key->words[4] &= 0xffffffff;
	key->words[5] = (key->words[5] & KEY_OF_RULES) | set;
}

/* The rule on the flow, or NULL. */
static __always_inline struct weir_policy_rule *
flow_rule(struct rule_search *search, const union key_words *flow, __u16 set)
{
	__u32 rule;

	search->key = *flow;
	rule_key(&search->key, set);
	rule = rule_find(search);
	return rule == RULE_NONE ? NULL : rule_at(search->generation, rule);
}

/* The same on the flow of which it is the reply. */
static __always_inline struct weir_policy_rule *
answered_rule(struct rule_search *search, const union key_words *flow,
	      __u16 set)
{
	__u32 rule;

	flow_reverse(&search->key, flow);
	rule_key(&search->key, set);
	rule = rule_find(search);
	return rule == RULE_NONE ? NULL : rule_at(search->generation, rule);
}

static __always_inline __u32 judgement(__u8 ruling, __u16 rule)
{
	return ruling | (__u32)rule << JUDGEMENT_RULE_SHIFT;
}

/* What the mode of a port makes of what is not allowed. */
static __always_inline __u8 ruling_of_mode(const struct weir_policy_port *port)
{
	return port->mode == WEIR_POLICY_ENFORCE ? RULING_ENFORCED :
						   WEIR_RULING_REJECT;
}

/* Notes that the flow is allowed: its replies are, from now on. */
static __always_inline void flow_note(struct rule_search *search,
				      const union key_words *flow)
{
	void *connections = flow_connections(flow);
	__u64 now = FRAME_CLOCK();

	if (!connections || !connection_key(&search->key, flow))
		return;
	connection_note(connections, &search->key, flow, now);
}

/*
 * Whether the flow answers one that is allowed, and by which rule: NULL where
 * it does not. A connection outlives the rule that allowed it, but is worth
 * nothing without.
 */
static __always_inline struct weir_policy_rule *
flow_answered(struct rule_search *search, const union key_words *flow,
	      __u16 set)
{
	__u64 now = FRAME_CLOCK();
	void *connections = flow_connections(flow);
	struct weir_connection *connection;
	struct weir_policy_rule *rule;

	if (!connections || !connection_key(&search->key, flow))
		return NULL;
	connection = connection_find(connections, &search->key, flow, now,
				     flow_direction(flow) ^ 1);
	if (!connection)
		return NULL;
	rule = answered_rule(search, flow, set);
	if (!rule || !rule->allows || !rule->is_stateful)
		return NULL;
	connection->seen_ns = now;
	return rule;
}

/* Of a version as a key has it. */
static __always_inline __u32 policy_generation(__u32 version)
{
	return version >> WEIR_POLICY_VERSION_LOW_SHIFT & 1;
}

/* What holds for the port; NULL where it has no policy. */
static __always_inline struct weir_policy_port *port_policy(__u32 generation,
							     __u32 number)
{
	__u32 index = generation * WEIR_MAX_PORTS + number;
	struct weir_policy_port *port;

	port = bpf_map_lookup_elem(&weir_policies, &index);
	return port && port->mode != WEIR_POLICY_NONE ? port : NULL;
}

/* Whether the policy names the type: a length is one of frames without a type. */
static __always_inline int ether_type_passes(__u32 generation, int ether_type)
{
	struct weir_policy_frames *frames;
	__u32 index = generation;

	if (ether_type < ETH_P_802_3_MIN)
		ether_type = ETH_P_802_3;
	frames = bpf_map_lookup_elem(&weir_frames, &index);
	if (!frames)
		return 0;
#pragma unroll
	for (int i = 0; i < WEIR_POLICY_ETHER_TYPES; i++)
		if (frames->ether_types[i] == ether_type)
			return 1;
	return 0;
}

/*
 * What the policy of that version says of a frame that is in no flow. ether_type:
 * negative where it is one that should be IP.
 */
static __always_inline int frame_judge(__u32 version, __u32 number, int is_arp,
				       int ether_type)
{
	__u32 generation = policy_generation(version);
	struct weir_policy_port *port;

	if (!version)
		return WEIR_RULING_NONE;
	port = port_policy(generation, number);
	if (!port || is_arp ||
	    (ether_type >= 0 && ether_type_passes(generation, ether_type)))
		return WEIR_RULING_NONE;
	return ruling_of_mode(port);
}

/* The rules of the flow's version; NULL where the port has none, or not for it. */
static __always_inline struct weir_policy_port *
flow_policy(struct rule_search *search, const union key_words *flow)
{
	struct weir_policy_port *port;

	search->generation = policy_generation(flow->words[5]);
	port = port_policy(search->generation, flow->key.port);
	return port && !is_exempt(flow) ? port : NULL;
}

/*
 * Judges a flow by the version of the policy that is in its key.
 *
 * A global function: off the way of packets whose flow is judged already, and
 * looked at by the verifier once.
 */
__noinline int policy_judge(union key_words *flow)
{
	struct weir_policy_rule *rule, *answered;
	struct weir_policy_port *port;
	struct rule_search *search;
	__u16 number = 0;
	__u32 index = 0;

	search = bpf_map_lookup_elem(&weir_judging, &index);
	if (!flow || !search)
		return 0;
	port = flow_policy(search, flow);
	if (!port)
		return judgement(WEIR_RULING_NONE, 0);
	rule = flow_rule(search, flow, port->set);
	if (rule) {
		number = rule->number;
		if (rule->allows) {
			if (rule->is_stateful)
				flow_note(search, flow);
			return judgement(WEIR_RULING_ACCEPT, number);
		}
	}
	if (is_related(flow))
		return judgement(WEIR_RULING_ACCEPT, search->related);
	answered = flow_answered(search, flow, port->set);
	if (answered)
		return judgement(WEIR_RULING_ACCEPT, answered->number);
	return judgement(ruling_of_mode(port), number);
}

/*
 * Whether a flow that was rejected answers one that has been allowed since: it
 * is judged anew then, and does not wait for the next window. Asked for every
 * packet that is rejected.
 */
__noinline int policy_relents(union key_words *flow)
{
	struct weir_policy_port *port;
	struct rule_search *search;
	__u32 index = 0;

	search = bpf_map_lookup_elem(&weir_judging, &index);
	if (!flow || !search)
		return 0;
	port = flow_policy(search, flow);
	return port && flow_answered(search, flow, port->set);
}

#endif
